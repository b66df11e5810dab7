#pragma once

#include "domain/error.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace dklb::sandbox::edgelb {

/// The whole content of a file, or a failure that names it and the cause.
domain::result<std::string> read_file(const std::filesystem::path& path);

/// Replaces a file so that after a crash it holds the old or the new content, never a mixture, and
/// the new one for certain once this returns: written beside it, synced, renamed, folder synced.
/// Readable by the owner alone.
domain::result<domain::unit> write_durably(const std::filesystem::path& path,
                                           std::string_view content);

/// Removes a file for certain: also after a crash it does not come back. A missing one is success.
domain::result<domain::unit> remove_durably(const std::filesystem::path& path);

/// Writes a file that nothing depends on after a crash. Readable by the owner alone.
domain::result<domain::unit> write_plainly(const std::filesystem::path& path,
                                           std::string_view content);

/// Notices that a file was replaced or changed. Not thread-safe.
class watched_file {
public:
  explicit watched_file(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  /// True at the first call and whenever the file is not what it was at the last call; also when it
  /// came or went.
  bool changed();

private:
  struct version {
    bool there = false;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
  };

  std::filesystem::path path_;
  version last_;
  bool asked_ = false;
};

} // namespace dklb::sandbox::edgelb
