#include "edgelb/haproxy/process.hpp"

#include "edgelb/api/document.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

extern "C" {
#include <sys/pidfd.h> // glibc 2.36 declares it for C alone
}

namespace dklb::edgelb {
namespace {

using clock = std::chrono::steady_clock;

/// Owns the two structures of posix_spawn, which describe a child.
class spawn_plan {
public:
  spawn_plan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(
      &attributes_,
      static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID));
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ~spawn_plan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  spawn_plan(const spawn_plan&) = delete;
  spawn_plan& operator=(const spawn_plan&) = delete;

  posix_spawn_file_actions_t& actions() { return actions_; }

  /// Starts the child. Returns its PID, or the reason of the failure.
  domain::result<pid_t> run(const std::vector<std::string>& command) {
    posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    std::vector<char*> arguments;
    for (const auto& word : command)
      arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const char* search = std::getenv("PATH");
    std::string path = std::string("PATH=") + (search != nullptr ? search : "/usr/sbin:/usr/bin");
    // glibc takes this much extra memory from the kernel each time; the default is 128 KiB.
    std::string padding = "MALLOC_TOP_PAD_=4096";
    char* environment[] = {path.data(), padding.data(), nullptr};
    pid_t pid = 0;
    const int problem = posix_spawn(&pid, command.front().c_str(), &actions_, &attributes_,
                                    arguments.data(), environment);
    if (problem != 0)
      return failure(500, "cannot start " + command.front() + ": " + std::strerror(problem));
    return pid;
  }

private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

int left(clock::time_point deadline) {
  const auto rest =
    std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(rest, 0));
}

/// Reads output until the writer closes it. False if the deadline has passed.
bool collect(int from, std::string& output, clock::time_point deadline) {
  constexpr std::size_t most = 65536;
  while (true) {
    pollfd waiting{from, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, left(deadline));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return false;
    char piece[4096];
    const auto got = ::read(from, piece, sizeof piece);
    if (got <= 0)
      return true;
    output.append(piece, std::min(static_cast<std::size_t>(got), most - output.size()));
  }
}

} // namespace

domain::result<process> process::hold(pid_t pid) {
  process held;
  held.pid_ = pid;
  held.handle_ = descriptor(::pidfd_open(pid, 0));
  if (!held.handle_)
    return failure(500, "cannot take hold of process " + std::to_string(pid) + ": "
                          + std::strerror(errno));
  return held;
}

domain::result<process> process::start(const std::vector<std::string>& command,
                                       const std::filesystem::path& log) {
  spawn_plan plan;
  // O_NOFOLLOW refuses a link. O_NONBLOCK avoids a wait for the reader of a pipe.
  posix_spawn_file_actions_addopen(&plan.actions(), STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0600);
  auto pid = plan.run(command);
  if (!pid)
    return pid.failure();
  return hold(*pid); // a child's PID is not reused before the child is reaped
}

bool process::wait(std::chrono::milliseconds limit) {
  if (!handle_)
    return true;
  const auto deadline = clock::now() + limit;
  pollfd waiting{handle_.get(), POLLIN, 0};
  int ready = ::poll(&waiting, 1, left(deadline));
  while (ready < 0 && errno == EINTR)
    ready = ::poll(&waiting, 1, left(deadline));
  if (ready <= 0)
    return false;
  siginfo_t ended{};
  ::waitid(P_PIDFD, static_cast<id_t>(handle_.get()), &ended, WEXITED | WNOHANG);
  handle_.reset();
  return true;
}

bool process::alive() {
  return !wait(std::chrono::milliseconds(0));
}

bool process::signal(int number) const {
  return handle_ && ::pidfd_send_signal(handle_.get(), number, nullptr, 0) == 0;
}

void process::end(std::chrono::milliseconds grace) {
  signal(SIGTERM);
  if (wait(grace))
    return;
  signal(SIGKILL);
  wait(grace);
}

domain::result<program_outcome> run_program(const std::vector<std::string>& command,
                                            std::chrono::milliseconds limit) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return failure(500, std::string("cannot make a pipe: ") + std::strerror(errno));
  const descriptor reading(ends[0]);
  descriptor writing(ends[1]);
  spawn_plan plan;
  posix_spawn_file_actions_adddup2(&plan.actions(), writing.get(), STDOUT_FILENO);
  const auto pid = plan.run(command);
  if (!pid)
    return pid.failure();
  writing.reset();
  program_outcome outcome;
  if (!collect(reading.get(), outcome.output, clock::now() + limit))
    ::kill(*pid, SIGKILL); // safe: the child is not reaped yet, so its PID is not reused
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status))
    outcome.status = WEXITSTATUS(status);
  return outcome;
}

} // namespace dklb::edgelb
