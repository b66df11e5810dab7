#include "http/kube/access/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>

// glibc 2.36 forgets to declare these for C++.
extern "C" {
#include <sys/pidfd.h>
}

extern char** environ; // NOLINT(readability-identifier-naming)

// glibc 2.36 declares its functions without C linkage.
extern "C" {
#include <sys/pidfd.h>
}

namespace dklb::http::kube {
namespace {

using clock = std::chrono::steady_clock;

/// Closes a file descriptor at the end of its scope.
class descriptor {
public:
  explicit descriptor(int value = -1) : value_(value) {}
  ~descriptor() { reset(); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return value_; }
  void reset(int value = -1) {
    if (value_ >= 0)
      ::close(value_);
    value_ = value;
  }

private:
  int value_;
};

domain::error failed(const command& what, domain::error_code code, const std::string& why) {
  return {code, "the program " + what.program + ' ' + why, {}, 0};
}

/// Our environment with the command's own on top.
std::vector<std::string> environment_of(const command& what) {
  std::vector<std::string> result;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string text{*variable};
    bool replaced = false;
    for (const auto& [name, value] : what.environment)
      replaced = replaced || text.starts_with(name + '=');
    if (!replaced)
      result.push_back(text);
  }
  for (const auto& [name, value] : what.environment)
    result.emplace_back(name).append("=").append(value);
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts the program in a process group of its own; an errno where that failed.
int spawn(const command& what, int output, pid_t& child) {
  std::vector<std::string> arguments{what.program};
  arguments.insert(arguments.end(), what.arguments.begin(), what.arguments.end());
  auto environment = environment_of(what);
  const auto argv = pointers_to(arguments);
  const auto envp = pointers_to(environment);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // The program starts with default signals whatever is blocked or ignored here.
  sigset_t none;
  sigemptyset(&none);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int status =
    posix_spawnp(&child, what.program.c_str(), &actions, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return status;
}

/// Reads what is there; false where the output is longer than allowed.
bool drain(int pipe, std::string& output, std::size_t limit) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto count = ::read(pipe, buffer.data(), buffer.size());
    if (count <= 0)
      return true;
    output.append(buffer.data(), static_cast<std::size_t>(count));
    if (output.size() > limit)
      return false;
  }
}

/// Waits for the child to end and collects its output; why it has to be killed, if it has to.
std::optional<domain::error> follow(const command& what, const cancel_signal& cancel, int child,
                                    int pipe, std::string& output) {
  if (child < 0)
    return failed(what, domain::error_code::unavailable, "cannot be waited for");
  const auto deadline = clock::now() + what.timeout;
  bool open = true;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    if (left <= 0)
      return failed(what, domain::error_code::timeout,
                    "did not end within " + std::to_string(what.timeout.count()) + " ms");
    std::array<pollfd, 3> events{pollfd{child, POLLIN, 0}, pollfd{cancel.descriptor(), POLLIN, 0},
                                 pollfd{open ? pipe : -1, POLLIN, 0}};
    if (::poll(events.data(), events.size(), static_cast<int>(left)) < 0 && errno != EINTR)
      return failed(what, domain::error_code::unavailable, "cannot be waited for");
    if (events[1].revents != 0)
      return failed(what, domain::error_code::cancelled, "was cancelled");
    if (events[2].revents != 0 || events[0].revents != 0) {
      if (!drain(pipe, output, what.max_output))
        return failed(what, domain::error_code::malformed, "printed too much");
      open = (events[2].revents & POLLHUP) == 0;
    }
    // A grandchild may hold the pipe open; what counts is the program itself.
    if (events[0].revents != 0)
      return std::nullopt;
  }
}

} // namespace

cancel_signal::cancel_signal() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
}

cancel_signal::~cancel_signal() {
  ::close(descriptor_);
}

void cancel_signal::cancel() {
  const std::uint64_t one = 1;
  // A counter that is full already is readable as well.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

domain::result<std::string> run_command(const command& what, const cancel_signal& cancel) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return failed(what, domain::error_code::unavailable, "cannot be given a pipe");
  const descriptor read_end{ends[0]};
  descriptor write_end{ends[1]};
  ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);

  pid_t child = 0;
  if (const int cause = spawn(what, write_end.get(), child); cause != 0)
    return failed(what, domain::error_code::invalid,
                  "cannot be started: " + std::generic_category().message(cause));
  write_end.reset();

  std::string output;
  const descriptor handle{::pidfd_open(child, 0)};
  const auto trouble = follow(what, cancel, handle.get(), read_end.get(), output);
  if (trouble)
    ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (trouble)
    return *trouble;
  if (!WIFEXITED(status))
    return failed(what, domain::error_code::unavailable, "was ended by a signal");
  if (WEXITSTATUS(status) != 0)
    return failed(what, domain::error_code::unavailable,
                  "failed with exit status " + std::to_string(WEXITSTATUS(status)));
  return output;
}

} // namespace dklb::http::kube
