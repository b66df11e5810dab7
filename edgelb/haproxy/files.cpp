#include "edgelb/haproxy/files.hpp"

#include "edgelb/api/document.hpp"
#include "edgelb/haproxy/descriptor.hpp"

#include <fcntl.h>
#include <stdio.h> // renameat2
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dklb::edgelb {
namespace {

/// A path for a message. It is quoted if needed, so that it never adds a line to a log.
std::string shown(const std::filesystem::path& path) {
  const auto text = in_quotes(path.string());
  const bool plain = text.size() == path.string().size() + 2;
  return plain ? path.string() : text;
}

domain::error system_failure(const char* verb, const std::filesystem::path& path) {
  return failure(500,
                 std::string("cannot ") + verb + " " + shown(path) + ": " + std::strerror(errno));
}

bool is_regular(const descriptor& file) {
  struct stat found {};
  return ::fstat(file.get(), &found) == 0 && S_ISREG(found.st_mode);
}

/// Removes the old file and makes a new one, so that a link is not followed and a pipe does not
/// block.
domain::result<domain::unit> write_and_close(const std::filesystem::path& path,
                                             std::string_view content, bool sync) {
  ::unlink(path.c_str());
  const descriptor file(
    ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file)
    return system_failure("write", path);
  while (!content.empty()) {
    const auto written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return system_failure("write", path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (sync && ::fsync(file.get()) != 0)
    return system_failure("sync", path);
  return domain::unit{};
}

domain::result<domain::unit> sync_folder(const std::filesystem::path& folder) {
  const descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0)
    return system_failure("sync", folder);
  return domain::unit{};
}

} // namespace

domain::result<std::string> read_file(const std::filesystem::path& path, links at_its_end) {
  const int follow = at_its_end == links::refused ? O_NOFOLLOW : 0;
  const descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | follow));
  if (!file)
    return system_failure("read", path);
  if (!is_regular(file))
    return failure(500, "cannot read " + shown(path) + ": it is no regular file");
  std::string content;
  std::array<char, 16384> piece; // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (true) {
    const auto got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return system_failure("read", path);
    if (got == 0)
      return content;
    content.append(piece.data(), static_cast<std::size_t>(got));
  }
}

domain::result<domain::unit> write_durably(const std::filesystem::path& path,
                                           std::string_view content) {
  auto temporary = path;
  temporary += ".new";
  if (auto written = write_and_close(temporary, content, true); !written) {
    ::unlink(temporary.c_str());
    return written.failure();
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return system_failure("replace", path);
  return sync_folder(path.parent_path());
}

domain::result<domain::unit> remove_durably(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return system_failure("remove", path);
  return sync_folder(path.parent_path());
}

domain::result<std::filesystem::path> move_into(const std::filesystem::path& path,
                                                const std::filesystem::path& folder) {
  const auto wanted = folder / path.filename();
  auto target = wanted;
  for (int copy = 2;
       ::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0;
       ++copy) {
    if (errno != EEXIST)
      return system_failure("move", path);
    target = wanted;
    target += "." + std::to_string(copy);
  }
  for (const auto& changed : {folder, path.parent_path()}) {
    if (auto synced = sync_folder(changed); !synced)
      return synced.failure();
  }
  return target;
}

domain::result<domain::unit> write_plainly(const std::filesystem::path& path,
                                           std::string_view content) {
  return write_and_close(path, content, false);
}

bool is_real_folder(const std::filesystem::path& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

domain::result<domain::unit> make_private_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0)
    return domain::unit{};
  if (errno != EEXIST)
    return system_failure("make the folder", path);
  if (!is_real_folder(path))
    return failure(500, "cannot use " + shown(path)
                          + ": it is a link, or no folder; move it away, then start again");
  const descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || ::fchmod(folder.get(), 0700) != 0)
    return system_failure("make the owner's alone", path);
  return domain::unit{};
}

bool watched_file::changed() {
  struct stat found {};
  version now;
  if (::stat(path_.c_str(), &found) == 0)
    now = {true, found.st_ino, found.st_size, found.st_mtim};
  const bool same = asked_ && now.there == last_.there && now.inode == last_.inode
                    && now.size == last_.size && now.modified.tv_sec == last_.modified.tv_sec
                    && now.modified.tv_nsec == last_.modified.tv_nsec;
  last_ = now;
  asked_ = true;
  return !same;
}

} // namespace dklb::edgelb
