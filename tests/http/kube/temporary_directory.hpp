#pragma once

#include <string>

namespace dklb::tests {

/// A directory of a test's own, gone with its object.
class temporary_directory {
public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + '/' + name; }

  /// Writes a file, its directories included. Returns its path.
  std::string write(const std::string& name, const std::string& text) const;
  /// Writes a shell script that can be run.
  std::string write_program(const std::string& name, const std::string& script) const;
  /// The file's text, "" where there is none.
  std::string read(const std::string& name) const { return read_file(path(name)); }
  bool exists(const std::string& name) const;

  static std::string read_file(const std::string& path);

private:
  std::string path_;
};

} // namespace dklb::tests
