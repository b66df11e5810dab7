#pragma once

#include "domain/base/error.hpp"

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace dklb::sandbox {

/// A program that runs in a process group of its own, its output at the end of a file. It ends with
/// this process, however that ends.
class local_process {
public:
  /// Called once, on a thread of the process's own, after it ended: the status as of waitpid().
  using exit_handler = std::function<void(int status)>;

  /// Starts `command` (its first element is looked up in PATH). An error names the program.
  /// A program that could not be started never calls `on_exit`.
  static domain::result<std::unique_ptr<local_process>>
  start(const std::vector<std::string>& command, const std::string& log_file, exit_handler on_exit);

  /// Kills what still runs and waits for its end and for `on_exit`; so it must not be called from
  /// `on_exit`.
  ~local_process();
  local_process(const local_process&) = delete;
  local_process& operator=(const local_process&) = delete;

  /// Sends a signal to the process group unless the program has ended. Any thread.
  void signal(int number);

private:
  class watcher;
  explicit local_process(std::unique_ptr<watcher> guard);
  std::unique_ptr<watcher> watcher_;
};

} // namespace dklb::sandbox
