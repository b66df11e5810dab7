#include "sandbox/edgelb/files.hpp"

#include "sandbox/edgelb/descriptor.hpp"
#include "sandbox/edgelb/document.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dklb::sandbox::edgelb {
namespace {

domain::error system_failure(const char* verb, const std::filesystem::path& path) {
  return failure(500,
                 std::string("cannot ") + verb + " " + path.string() + ": " + std::strerror(errno));
}

domain::result<domain::unit> write_and_close(const std::filesystem::path& path,
                                             std::string_view content, bool sync) {
  const descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
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

domain::result<std::string> read_file(const std::filesystem::path& path) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file)
    return system_failure("read", path);
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

domain::result<domain::unit> write_plainly(const std::filesystem::path& path,
                                           std::string_view content) {
  return write_and_close(path, content, false);
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

} // namespace dklb::sandbox::edgelb
