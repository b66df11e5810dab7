#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace dklb::support {

/// The resources that a process uses, from /proc.
struct process_usage {
  double cpu_seconds = 0;
  double resident_megabytes = 0;
  double file_megabytes = 0; ///< the part of resident memory that maps files
};

/// A child process that ends with its owner: the destructor or the end of the parent kills it. Its
/// output goes to a file. Throws std::system_error if it cannot be started.
class child_process {
public:
  child_process(const std::vector<std::string>& command, const std::string& output_file,
                const std::map<std::string, std::string>& environment = {});
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number) const;
  /// The exit status (128 + N after a signal). Empty if it still runs after `deadline`.
  std::optional<int> wait(std::chrono::milliseconds deadline);
  process_usage usage() const;

private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// A folder under the system's temporary folder. The destructor removes it.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file in the folder and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

private:
  std::string path_;
};

std::string read_file(const std::string& path);

/// `127.a.b.c:port`, with an address that only this process uses and a free port.
std::string free_listen_address();

} // namespace dklb::support
