#pragma once

#include "domain/base/error.hpp"

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace dklb::sandbox {

/// A child process in a process group of its own. Its output is appended to a file. If this process
/// ends, also by a crash, the kernel sends it SIGTERM.
class local_process {
public:
  /// Called once after the end of the process, on a thread of this object. `status` is from
  /// waitpid().
  using exit_handler = std::function<void(int status)>;

  /// Starts `command`; its first element is looked up in PATH. The error names the program. If the
  /// start fails, `on_exit` is never called.
  static domain::result<std::unique_ptr<local_process>>
  start(const std::vector<std::string>& command, const std::string& log_file, exit_handler on_exit);

  /// Kills the process group, and waits for its end and for `on_exit`. Must not be called from
  /// `on_exit`.
  ~local_process();
  local_process(const local_process&) = delete;
  local_process& operator=(const local_process&) = delete;

  /// Sends a signal to the process group. Does nothing if the program has ended. Any thread.
  void signal(int number);

private:
  class watcher;
  explicit local_process(std::unique_ptr<watcher> guard);
  std::unique_ptr<watcher> watcher_;
};

} // namespace dklb::sandbox
