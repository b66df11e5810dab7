#pragma once

#include <chrono>
#include <csignal>
#include <functional>

namespace dklb::process {

/// Exit status of a program whose orderly end was cut short.
constexpr int exit_forced = 1;
/// The time limit of an orderly end. Kubernetes kills a pod after 30 s.
constexpr std::chrono::seconds longest_end{25};

/// The signal handling of a server program. SIGTERM and SIGINT ask for its end. SIGHUP is handed on
/// where the program wants it. Otherwise it, SIGUSR1 and SIGUSR2 are logged and ignored. SIGPIPE is
/// ignored: a write to a closed connection returns an error. All other signals keep their default
/// effect.
///
/// Create it first in main(): it blocks the signals in the calling thread, and later threads
/// inherit that. One per process. A child process inherits it, too, so code that starts a child
/// resets the child's mask and dispositions.
class signals {
public:
  signals();
  ~signals();
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

  /// Restores the default effect of all signals, for a command that does its work and ends. Call it
  /// before the first other thread starts.
  void release() const;

  /// Waits for the end: true after SIGTERM or SIGINT, false after raise(). For the main thread.
  /// SIGHUP calls `hang_up` meanwhile, on this thread; a null function: it is ignored.
  bool wait(const std::function<void()>& hang_up = {});
  /// Makes wait() return false. Any thread.
  void raise() const;

  /// Runs `work`, the orderly end of the program. If SIGTERM or SIGINT comes again, or `work` takes
  /// longer than `limit`, the process ends at once with exit_forced.
  void end_in_order(std::chrono::milliseconds limit, const std::function<void()>& work) const;

private:
  /// Handles the pending signals. True if one of them asks for the end.
  bool take(const std::function<void()>& hang_up = {}) const;

  sigset_t before_{};
  int descriptor_ = -1;
  int gave_up_ = -1;
};

} // namespace dklb::process
