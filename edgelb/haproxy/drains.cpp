#include "edgelb/haproxy/drains.hpp"

#include "edgelb/api/document.hpp"
#include "edgelb/render/raw_lines.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <sstream>

namespace dklb::edgelb {
namespace {

/// Often enough that a process does not stay much longer than its connections, and seldom enough
/// for the thousands of lines that HAProxy may answer with.
constexpr auto look_pause = std::chrono::seconds(5);

} // namespace

std::multimap<std::string, std::string> sessions_in(std::string_view listing) {
  std::multimap<std::string, std::string> sessions;
  std::istringstream whole{std::string(listing)};
  for (std::string line; std::getline(whole, line);) {
    // 0x55d5c9e0: proto=tcpv4 src=127.0.0.1:4096 fe=web be=web srv=node-1 ...
    const auto words = words_of(line);
    if (words.empty() || !words.front().starts_with("0x") || !words.front().ends_with(':'))
      continue;
    std::string backend;
    std::string server;
    for (const auto& word : words) {
      if (word.starts_with("be="))
        backend = word.substr(3);
      if (word.starts_with("srv="))
        server = word.substr(4);
    }
    sessions.emplace(backend + "/" + server, words.front().substr(0, words.front().size() - 1));
  }
  return sessions;
}

void drain_list::begin(const std::map<std::string, std::chrono::milliseconds>& leavers,
                       clock::time_point now) {
  // The clock counts nanoseconds in 64 bits. No process of HAProxy is as old as this.
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 366);
  for (const auto& [key, limit] : leavers)
    ends_[key] = now + std::min(limit, longest);
}

void drain_list::forget(const server_lines& wanted) {
  std::erase_if(ends_, [&](const auto& entry) { return wanted.count(entry.first) != 0; });
}

std::vector<std::string> drain_list::take_due(clock::time_point now) {
  std::vector<std::string> taken;
  std::erase_if(ends_, [&](const auto& entry) {
    if (entry.second > now)
      return false;
    taken.push_back(entry.first);
    return true;
  });
  return taken;
}

bool drain_list::due(clock::time_point now) const {
  return std::any_of(ends_.begin(), ends_.end(),
                     [&](const auto& entry) { return entry.second <= now; });
}

std::vector<std::string> drain_list::servers() const {
  std::vector<std::string> keys;
  for (const auto& [key, moment] : ends_)
    keys.push_back(key);
  return keys;
}

domain::result<domain::unit> end_sessions(control_connection& control,
                                          const std::vector<std::string>& servers) {
  for (const auto& key : servers) {
    const auto answer = control.ask("shutdown sessions server " + key);
    if (!answer)
      return answer.failure();
    if (!answer->empty())
      return failure(500, key + ": " + *answer);
    spdlog::info("the connections to {} had their time, and are ended", key);
  }
  return domain::unit{};
}

former_process::former_process(process running, drain_list drains,
                               std::optional<control_connection> control)
  : running_(std::move(running)), drains_(std::move(drains)), control_(std::move(control)) {}

void former_process::forget(const server_lines& wanted) {
  drains_.forget(wanted);
  close_if_done();
}

bool former_process::needs_look(clock::time_point now) const {
  return control_ && (now >= next_look_ || drains_.due(now));
}

void former_process::look(clock::time_point now) {
  if (!control_)
    return;
  next_look_ = now + look_pause;
  // It takes no command about a server any more, but about sessions.
  const auto listing = control_->ask("show sess");
  if (!listing) {
    control_.reset(); // the process has ended
    return;
  }
  const auto sessions = sessions_in(*listing);
  for (const auto& key : drains_.take_due(now)) {
    const auto [first, last] = sessions.equal_range(key);
    for (auto each = first; each != last; ++each)
      (void)control_->ask("shutdown session " + each->second);
    spdlog::info("the connections to {} had their time, and are ended", key);
  }
  for (const auto& key : drains_.servers()) {
    if (sessions.count(key) == 0)
      drains_.forget(key);
  }
  close_if_done();
}

void former_process::close_if_done() {
  if (drains_.empty())
    control_.reset();
}

domain::result<control_connection> lasting_control(const std::filesystem::path& socket, pid_t pid,
                                                   std::chrono::milliseconds limit) {
  auto control = control_connection::open(socket, limit);
  if (!control)
    return control.failure();
  const auto serving = control->pid();
  if (!serving)
    return serving.failure();
  if (*serving != pid)
    return failure(500, "another process answers");
  // HAProxy closes a connection that is idle for 10 s unless it is told otherwise. It counts
  // milliseconds in 31 bits, so 20 days are about the most.
  if (const auto set = control->ask("set timeout cli 1728000"); !set)
    return set.failure();
  return control;
}

} // namespace dklb::edgelb
