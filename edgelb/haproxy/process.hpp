#pragma once

#include "domain/base/error.hpp"
#include "edgelb/haproxy/descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// Handle to a process that outlives this program. It holds a pidfd, so that a signal never reaches
/// another process with a reused PID. Destroying the handle does not end the process. Not
/// thread-safe.
class process {
public:
  process() = default;

  /// Starts a program in a session of its own. Its standard input is empty, its output is appended
  /// to `log`, and it inherits no other file. Its environment has PATH and MALLOC_TOP_PAD_ only.
  static domain::result<process> start(const std::vector<std::string>& command,
                                       const std::filesystem::path& log);
  /// Makes a handle to a running process.
  static domain::result<process> hold(pid_t pid);

  pid_t pid() const { return pid_; }
  /// False for an empty handle, and after the process has ended. An ended child is reaped.
  bool alive();
  /// Sends a signal. False if the process has ended.
  bool signal(int number) const;
  /// Waits until the process has ended. False if it still runs after `limit`.
  bool wait(std::chrono::milliseconds limit);
  /// Sends SIGTERM, waits for `grace`, and then sends SIGKILL.
  void end(std::chrono::milliseconds grace);

private:
  pid_t pid_ = 0;
  descriptor handle_;
};

/// The outcome of a program that has ended.
struct program_outcome {
  int status = -1;    ///< exit status; -1: ended by a signal, or killed after the limit
  std::string output; ///< standard output and error, at most 64 KiB
};

/// Runs a program to its end, and kills it after `limit`. An error means that it did not start.
domain::result<program_outcome> run_program(const std::vector<std::string>& command,
                                            std::chrono::milliseconds limit);

/// A process that was found running, of any user.
struct found_process {
  pid_t pid = 0;
  std::vector<std::string> command;
};

/// All processes with a command line that can be read, without zombies.
std::vector<found_process> running_processes();

} // namespace dklb::edgelb
