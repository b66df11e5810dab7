#pragma once

#include "domain/base/error.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// Whether the last part of a path may be a symbolic link. Operators' files may be links:
/// Kubernetes mounts files that way. The server makes no links in its state folder, so it refuses
/// them there.
enum class links { followed, refused };

/// Reads a regular file. The error names the file and the cause. A folder, a pipe or a device is an
/// error, too, and never blocks.
domain::result<std::string> read_file(const std::filesystem::path& path,
                                      links at_its_end = links::followed);

/// Replaces a file. After a crash it has the old or the new content, never a mixture; after this
/// has returned, the new one. It is written under another name, synced and renamed, and the folder
/// is synced. Only the owner can read it. No link is followed.
domain::result<domain::unit> write_durably(const std::filesystem::path& path,
                                           std::string_view content);

/// Removes a file and syncs its folder, so that it stays removed after a crash. A missing file is
/// no error.
domain::result<domain::unit> remove_durably(const std::filesystem::path& path);

/// Moves a file into another folder of the same file system. If its name is taken there, a number
/// is added. Returns the new path.
domain::result<std::filesystem::path> move_into(const std::filesystem::path& path,
                                                const std::filesystem::path& folder);

/// Replaces a file without syncing it, for content that nothing needs after a crash. Only the owner
/// can read it. No link is followed.
domain::result<domain::unit> write_plainly(const std::filesystem::path& path,
                                           std::string_view content);

/// Makes a folder if it is missing, and sets its mode to 0700. If the name is taken by anything
/// else, or by a link to a folder, that is an error.
domain::result<domain::unit> make_private_folder(const std::filesystem::path& path);

/// True for a folder, false for a link to one.
bool is_real_folder(const std::filesystem::path& path);

/// Detects that a file was replaced or changed. Not thread-safe.
class watched_file {
public:
  explicit watched_file(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  /// True at the first call, and if the file has changed, appeared or disappeared since the last
  /// call.
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
