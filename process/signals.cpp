#include "process/signals.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace dklb::process {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::array ending{SIGTERM, SIGINT};
constexpr std::array ignored{SIGHUP, SIGUSR1, SIGUSR2};

int checked(int descriptor, const char* what) {
  if (descriptor < 0)
    throw std::system_error(errno, std::generic_category(), what);
  return descriptor;
}

/// Waits until one of the two can be read; false after `limit`, negative for ever.
bool wait_for(std::array<pollfd, 2>& both, std::chrono::milliseconds limit) {
  const auto deadline = clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now());
    const auto time = limit.count() < 0 ? -1 : std::max<std::int64_t>(left.count(), 0);
    const int ready = poll(both.data(), both.size(), static_cast<int>(time));
    if (ready >= 0)
      return ready > 0;
    if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "poll");
  }
}

} // namespace

signals::signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : ending)
    sigaddset(&set, number);
  for (const int number : ignored)
    sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  std::signal(SIGPIPE, SIG_IGN);
  descriptor_ = checked(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
  gave_up_ = checked(eventfd(0, EFD_CLOEXEC), "eventfd");
}

signals::~signals() {
  close(descriptor_);
  close(gave_up_);
}

void signals::release() const {
  std::signal(SIGPIPE, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool signals::take(const std::function<void()>& hang_up) const {
  bool asked = false;
  signalfd_siginfo info{};
  while (read(descriptor_, &info, sizeof info) == sizeof info) {
    const auto number = static_cast<int>(info.ssi_signo);
    if (std::find(ending.begin(), ending.end(), number) != ending.end())
      asked = true;
    else if (number == SIGHUP && hang_up)
      hang_up();
    else
      spdlog::info("SIG{} is ignored", sigabbrev_np(number));
  }
  return asked;
}

bool signals::wait(const std::function<void()>& hang_up) {
  for (;;) {
    std::array<pollfd, 2> both{{{descriptor_, POLLIN, 0}, {gave_up_, POLLIN, 0}}};
    wait_for(both, std::chrono::milliseconds{-1});
    if (both[1].revents != 0)
      return false;
    if (take(hang_up))
      return true;
  }
}

void signals::raise() const {
  eventfd_write(gave_up_, 1);
}

void signals::end_in_order(std::chrono::milliseconds limit,
                           const std::function<void()>& work) const {
  const int done = checked(eventfd(0, EFD_CLOEXEC), "eventfd");
  std::thread watch{[this, done, deadline = clock::now() + limit] {
    for (;;) {
      std::array<pollfd, 2> both{{{descriptor_, POLLIN, 0}, {done, POLLIN, 0}}};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now());
      const auto in_time = wait_for(both, std::max(left, std::chrono::milliseconds{0}));
      if (both[1].revents != 0)
        return;
      if (in_time && !take())
        continue;
      spdlog::critical(in_time ? "asked again to end: the orderly end is cut short"
                               : "the orderly end takes too long and is cut short");
      _exit(exit_forced);
    }
  }};
  work();
  eventfd_write(done, 1);
  watch.join();
  close(done);
}

} // namespace dklb::process
