#pragma once

#include "domain/base/error.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// Whether a path may lead to its file over a symbolic link at its end. Operators' files may (those
/// that Kubernetes mounts do); in the state folder a link is nobody's.
enum class links { followed, refused };

/// The whole content of a regular file, or a failure that names it and the cause. Anything else
/// under that name (a folder, a pipe, a device) is a failure, too, and never waited for.
domain::result<std::string> read_file(const std::filesystem::path& path,
                                      links at_its_end = links::followed);

/// Replaces a file so that after a crash it holds the old or the new content, never a mixture, and
/// the new one for certain once this returns: written beside it, synced, renamed, folder synced.
/// Readable by the owner alone. No link is followed.
domain::result<domain::unit> write_durably(const std::filesystem::path& path,
                                           std::string_view content);

/// Removes a file for certain: also after a crash it does not come back. A missing one is success.
domain::result<domain::unit> remove_durably(const std::filesystem::path& path);

/// Moves whatever has that name into another folder of the same disk, under its own name or, where
/// that is taken, with a number behind it. Where it is now.
domain::result<std::filesystem::path> move_into(const std::filesystem::path& path,
                                                const std::filesystem::path& folder);

/// Writes a new file, in place of what has its name, that nothing depends on after a crash.
/// Readable by the owner alone. No link is followed.
domain::result<domain::unit> write_plainly(const std::filesystem::path& path,
                                           std::string_view content);

/// Makes the folder where it is missing, and makes it the owner's alone. What has its name and is
/// no folder, a link to one included, is a failure.
domain::result<domain::unit> make_private_folder(const std::filesystem::path& path);

/// Whether that is a folder itself, and no link to one.
bool is_real_folder(const std::filesystem::path& path);

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

} // namespace dklb::edgelb
