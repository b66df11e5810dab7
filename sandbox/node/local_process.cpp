#include "sandbox/node/local_process.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <mutex>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace dklb::sandbox {
namespace {

/// What the new process does between fork() and its program: async-signal-safe calls only.
[[noreturn]] void become(char* const* arguments, int log, int failure_pipe) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // The program begins with usual signals, whatever is blocked or ignored here.
  for (int number = 1; number < NSIG; ++number)
    std::signal(number, SIG_DFL);
  sigset_t none{};
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execvp(arguments[0], arguments);
  const int cause = errno;
  [[maybe_unused]] const auto written = ::write(failure_pipe, &cause, sizeof cause);
  ::_exit(127);
}

domain::error failure(const std::string& what, int cause) {
  return {domain::error_code::invalid, what + ": " + std::strerror(cause), {}, 0};
}

} // namespace

/// Starts the program and waits for its end, both on one thread: the kernel ends a child with the
/// thread that made it (PR_SET_PDEATHSIG), so that thread has to stay.
class local_process::watcher {
public:
  watcher(std::vector<std::string> command, std::string log_file, exit_handler on_exit)
    : command_(std::move(command)), log_file_(std::move(log_file)), on_exit_(std::move(on_exit)),
      thread_([this] { run(); }) {}

  ~watcher() {
    signal(SIGKILL);
    thread_.join();
  }
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

  domain::result<domain::unit> started() { return started_.get_future().get(); }

  void signal(int number) {
    const std::lock_guard guard(mutex_);
    if (pid_ > 0) {
      ::kill(-pid_, number);
    }
  }

private:
  void run() {
    auto outcome = launch();
    const bool good = outcome.has_value();
    started_.set_value(std::move(outcome));
    if (!good) {
      return;
    }
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0
           && errno == EINTR) {
    }
    int status = 0;
    {
      // Reaped under the lock, so that signal() never hits a number that is somebody else's by now.
      const std::lock_guard guard(mutex_);
      ::waitpid(pid_, &status, 0);
      pid_ = 0;
    }
    on_exit_(status);
  }

  domain::result<domain::unit> launch() {
    const int log = ::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) {
      return failure(log_file_, errno);
    }
    int failure_pipe[2];
    if (::pipe2(failure_pipe, O_CLOEXEC) != 0) {
      const int cause = errno;
      ::close(log);
      return failure("pipe", cause);
    }
    std::vector<char*> arguments;
    arguments.reserve(command_.size() + 1);
    for (std::string& word : command_) {
      arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      become(arguments.data(), log, failure_pipe[1]);
    }
    int cause = pid < 0 ? errno : 0;
    ::close(log);
    ::close(failure_pipe[1]);
    if (pid > 0 && ::read(failure_pipe[0], &cause, sizeof cause) > 0) {
      ::waitpid(pid, nullptr, 0);
    }
    ::close(failure_pipe[0]);
    if (cause != 0) {
      return failure(command_.front(), cause);
    }
    const std::lock_guard guard(mutex_);
    pid_ = pid;
    return domain::unit{};
  }

  std::vector<std::string> command_;
  std::string log_file_;
  exit_handler on_exit_;
  std::promise<domain::result<domain::unit>> started_;
  std::mutex mutex_;
  pid_t pid_ = 0;
  std::thread thread_; ///< last: it uses all of the above
};

local_process::local_process(std::unique_ptr<watcher> guard) : watcher_(std::move(guard)) {}

local_process::~local_process() = default;

domain::result<std::unique_ptr<local_process>>
local_process::start(const std::vector<std::string>& command, const std::string& log_file,
                     exit_handler on_exit) {
  auto guard = std::make_unique<watcher>(command, log_file, std::move(on_exit));
  if (auto started = guard->started(); !started) {
    return started.failure();
  }
  return std::unique_ptr<local_process>(new local_process(std::move(guard)));
}

void local_process::signal(int number) {
  watcher_->signal(number);
}

} // namespace dklb::sandbox
