#include "program/config_watch.hpp"

#include <spdlog/spdlog.h>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace dklb::program {

namespace {

using clock = std::chrono::steady_clock;

/// The link to the present files of a ConfigMap's volume.
constexpr std::string_view volume_link = "..data";
constexpr std::uint32_t in_folder = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM
                                    | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t of_file = IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF;

std::string folder_of(const std::string& file) {
  const auto folder = std::filesystem::path{file}.parent_path();
  return folder.empty() ? "." : folder.string();
}

/// Milliseconds for poll(): until `due`, or for ever.
/// Nothing is awaited.
constexpr auto never = clock::time_point::max();

/// The time until `due`, for poll().
int wait_until(clock::time_point due) {
  if (due == never)
    return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

} // namespace

config_watch::config_watch(std::string file, std::function<void()> changed)
  : file_(std::move(file)), name_(std::filesystem::path{file_}.filename()),
    changed_(std::move(changed)), inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
    wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
  if (inotify_ < 0)
    spdlog::warn("{} is not watched, inotify cannot be used: SIGHUP has it read again", file_);
  follow();
  thread_ = std::thread{[this] { run(); }};
}

config_watch::~config_watch() {
  ending_ = true;
  reread();
  thread_.join();
  close(wake_);
  if (inotify_ >= 0)
    close(inotify_);
}

void config_watch::reread() const {
  eventfd_write(wake_, 1);
}

void config_watch::follow() {
  if (inotify_ < 0)
    return;
  std::vector<int> watches;
  const auto add = [&](const std::string& path, std::uint32_t events) {
    const int watch = inotify_add_watch(inotify_, path.c_str(), events);
    if (watch >= 0)
      watches.push_back(watch);
    else
      spdlog::warn("{} is not watched: {}; SIGHUP has it read again", path,
                   std::generic_category().message(errno));
  };
  add(folder_of(file_), in_folder);
  std::error_code missing;
  const auto resolved = std::filesystem::canonical(file_, missing);
  // A file that is missing comes back with an event of its folder.
  if (!missing)
    add(resolved, of_file);
  for (const int old : watches_)
    if (std::ranges::find(watches, old) == watches.end())
      inotify_rm_watch(inotify_, old);
  watches_ = std::move(watches);
}

bool config_watch::take_events() const {
  bool news = false;
  alignas(inotify_event) std::array<char, 4096> bytes{};
  for (;;) {
    const auto size = read(inotify_, bytes.data(), bytes.size());
    if (size <= 0)
      return news;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, bytes.data() + at, sizeof event);
      const std::string_view name{event.len > 0 ? bytes.data() + at + sizeof event : ""};
      at += sizeof event + event.len;
      if ((event.mask & IN_IGNORED) != 0 || (!name.empty() && name != name_ && name != volume_link))
        continue;
      // A new file is empty until its writer closes it; a new link is there at once.
      std::error_code missing;
      news =
        news || (event.mask & IN_CREATE) == 0
        || std::filesystem::is_symlink(std::filesystem::path{folder_of(file_)} / name, missing);
    }
  }
}

void config_watch::run() {
  (void)pthread_setname_np(pthread_self(), "dklb-config");
  changed_();
  auto due = never;
  for (;;) {
    std::array<pollfd, 2> both{{{wake_, POLLIN, 0}, {inotify_, POLLIN, 0}}};
    if (poll(both.data(), both.size(), wait_until(due)) < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "poll");
    if (ending_)
      return;
    eventfd_t times = 0;
    const bool asked = both[0].revents != 0 && eventfd_read(wake_, &times) == 0;
    if (both[1].revents != 0 && take_events())
      due = clock::now() + settle_time;
    if (!asked && clock::now() < due)
      continue;
    due = never;
    // First the watches: a change after them is seen, one before them is read.
    follow();
    changed_();
  }
}

} // namespace dklb::program
