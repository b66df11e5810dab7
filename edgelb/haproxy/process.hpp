#pragma once

#include "domain/base/error.hpp"
#include "edgelb/haproxy/descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// A process that outlives us, held by a process descriptor, so that a signal can never reach
/// another one that got its number. Destroying the handle leaves the process alone.
class process {
public:
  process() = default;

  /// Starts a program in a session of its own, with nothing on its standard input, its output added
  /// to `log`, no other open file of ours, and an environment that holds PATH and glibc's
  /// MALLOC_TOP_PAD_ alone.
  static domain::result<process> start(const std::vector<std::string>& command,
                                       const std::filesystem::path& log);
  /// Takes hold of a process that runs already.
  static domain::result<process> hold(pid_t pid);

  pid_t pid() const { return pid_; }
  /// False for an empty handle and once the process has ended; a child of ours is then reaped.
  bool alive();
  /// Sends a signal; false where the process is gone.
  bool signal(int number) const;
  /// Waits until it has ended; false after `limit`.
  bool wait(std::chrono::milliseconds limit);
  /// SIGTERM, and SIGKILL for what is still there after `grace`.
  void end(std::chrono::milliseconds grace);

private:
  pid_t pid_ = 0;
  descriptor handle_;
};

/// How a program that was run to its end went.
struct program_outcome {
  int status = -1;    ///< exit status; -1: ended by a signal, or by us after the limit
  std::string output; ///< standard output and error, at most 64 KiB
};

/// Runs a program to its end, killed after `limit`. A failure means that it could not be started.
domain::result<program_outcome> run_program(const std::vector<std::string>& command,
                                            std::chrono::milliseconds limit);

/// A process of this user that was found running.
struct found_process {
  pid_t pid = 0;
  std::vector<std::string> command;
};

/// Every process whose command line can be read. Zombies are left out.
std::vector<found_process> running_processes();

} // namespace dklb::edgelb
