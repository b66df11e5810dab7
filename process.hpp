#pragma once

#include "domain/config.hpp"
#include "domain/error.hpp"

#include <chrono>
#include <functional>
#include <string>

/// What the program needs of the operating system beside network and files of others.
namespace dklb::process {

/// The text of a file, or why it cannot be read.
domain::result<std::string> read_file(const std::string& path);

/// `<hostname>_<uuid>`, never the same for two processes.
std::string identity();

/// Sets level and format of the log, which goes to standard error.
void set_up_log(const domain::log_config& settings);

/// Gives back the pages of memory that show the files of the program and its libraries. What is
/// used again comes back from the system's page cache; what only the start or a burst needed stays
/// away (docs/decisions/code-pages.md).
void release_code_pages();

/// Turns SIGTERM and SIGINT into a call that returns. Make it before the first thread, so that all
/// threads inherit the blocked signals. One per process.
class signals {
public:
  signals();
  ~signals();
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

  /// Waits; true where a signal asked for the end, false after raise(). Meanwhile `upkeep` is
  /// called once in every `period`.
  bool wait(std::chrono::milliseconds period, const std::function<void()>& upkeep);
  /// Makes wait() return false. Any thread.
  void raise();

private:
  int descriptor_ = -1;
  int gave_up_ = -1;
};

} // namespace dklb::process
