#pragma once

#include <chrono>
#include <csignal>
#include <functional>

namespace dklb::process {

/// Exit status of a program whose orderly end was cut short.
constexpr int exit_forced = 1;
/// How long an orderly end may take. A pod gets 30 s before it is killed.
constexpr std::chrono::seconds longest_end{25};

/// The signals of a program that serves. SIGTERM and SIGINT ask for its end. SIGHUP, SIGUSR1 and
/// SIGUSR2 are noted in the log and otherwise ignored; a closed pipe or connection (SIGPIPE) is the
/// error of a write. All others have their usual effect.
///
/// Make it first thing in main: it blocks the signals in the calling thread, and every later thread
/// inherits that. One per process. A child process inherits it too, so whoever starts one resets
/// the child's mask and dispositions.
class signals {
public:
  signals();
  ~signals();
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

  /// Gives all signals their usual effect again: for a command that does its work and ends. Before
  /// the first other thread.
  void release() const;

  /// Waits; true where a signal asked for the end, false after raise(). Meanwhile `upkeep` is
  /// called once in every `period`. For the main thread.
  bool wait(std::chrono::milliseconds period, const std::function<void()>& upkeep);
  bool wait();
  /// Makes wait() return false. Any thread.
  void raise() const;

  /// Runs `work`, the orderly end of the program. Where SIGTERM or SIGINT comes again before it
  /// returns, or it takes longer than `limit`, the process ends at once with exit_forced.
  void end_in_order(std::chrono::milliseconds limit, const std::function<void()>& work) const;

private:
  /// Takes the signals that have come; true where one of them asks for the end.
  bool take() const;

  sigset_t before_{};
  int descriptor_ = -1;
  int gave_up_ = -1;
};

} // namespace dklb::process
