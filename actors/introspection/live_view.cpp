#include "actors/introspection/live_view.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <random>
#include <set>
#include <utility>

namespace dklb::actors {

namespace {

/// Changes in one event, so that no client holds the whole list a second time.
constexpr std::size_t most_in_event = 500;
/// Removals that are remembered for clients that are behind. One further behind starts anew.
constexpr std::size_t most_removals = 10000;
/// Items that are read a second at most. A longer list is read less often.
constexpr int most_items_per_second = 10000;
/// How long a browser waits before it connects again.
constexpr const char* retry_line = "retry: 2000\n\n";
constexpr const char* alive_event = "event: alive\ndata: {}\n\n";

void append_json(std::string& list, std::string_view json) {
  if (!list.empty())
    list += ',';
  list += json;
}

/// A key as a JSON string. Keys are names, numbers and slashes; other characters are escaped.
std::string json_string(const std::string& key) {
  return nlohmann::json(key).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

/// A client's place among the clients.
class live_view::membership {
public:
  explicit membership(live_view& view) : view_(view) {
    const std::lock_guard lock{view_.mutex_};
    ++view_.clients_;
  }
  membership(const membership&) = delete;
  membership& operator=(const membership&) = delete;
  ~membership() { view_.leave(); }

private:
  live_view& view_;
};

live_view::live_view(source from, timing times)
  : source_(std::move(from)), times_(times), era_(std::random_device{}()) {}

void live_view::leave() {
  const std::lock_guard lock{mutex_};
  if (--clients_ > 0)
    return;
  ++era_;
  version_ = floor_ = 0;
  items_.clear();
  gone_.clear();
  due_ = {};
  source_.end();
}

void live_view::serve(http::server::event_sink& client, std::string_view last_id) {
  const membership place{*this};
  auto at = find(last_id);
  if (!client.send(retry_line))
    return;
  auto told = clock::now();
  while (client.is_open()) {
    auto event = next_event(at, clock::now() + std::min(times_.glance, times_.alive));
    if (event.empty() && clock::now() - told >= times_.alive)
      event = alive_event;
    if (event.empty())
      continue;
    if (!client.send(event))
      return;
    told = clock::now();
  }
}

std::string live_view::id_of(std::uint64_t version) const {
  return std::to_string(era_) + "-" + std::to_string(version);
}

/// Where a client goes on that had a stream before: there, if nothing is forgotten since.
live_view::position live_view::find(std::string_view id) {
  const std::lock_guard lock{mutex_};
  const auto dash = id.find('-');
  std::uint64_t seen = 0;
  if (dash == std::string_view::npos
      || std::from_chars(id.data() + dash + 1, id.data() + id.size(), seen).ec != std::errc{}
      || seen > version_ || id != id_of(seen))
    return {};
  return {seen, 0, std::nullopt};
}

/// The next event for a client. Empty if there is none until then.
std::string live_view::next_event(position& at, clock::time_point until) {
  std::unique_lock lock{mutex_};
  if (!at.after)
    await_news(lock, at, until);
  return at.after || version_ > at.seen ? collect(at) : std::string{};
}

/// Reads when it is time, unless another client's thread does.
void live_view::await_news(std::unique_lock<std::mutex>& lock, const position& at,
                           clock::time_point until) {
  while (version_ <= at.seen) {
    const auto now = clock::now();
    if (!reading_ && now >= due_)
      read(lock);
    else if (now >= until)
      return;
    else
      changed_.wait_until(lock, reading_ ? until : std::min(until, due_));
  }
}

void live_view::read(std::unique_lock<std::mutex>& lock) {
  const auto begin = clock::now();
  const bool first = version_ == 0;
  std::optional<reading> news;
  reading_ = true;
  lock.unlock();
  try {
    news = source_.read(first);
  } catch (...) {
    lock.lock();
    reading_ = false;
    changed_.notify_all();
    throw;
  }
  lock.lock();
  reading_ = false;
  const auto count = static_cast<std::int64_t>(news ? news->items.size() : 0);
  due_ =
    begin + std::max(times_.pause, std::chrono::milliseconds{1000 * count / most_items_per_second});
  if (news)
    merge(std::move(*news));
  changed_.notify_all();
}

void live_view::merge(reading&& news) {
  const auto version = version_ + 1;
  bool differs = version_ == 0;
  if (news.whole)
    differs = remove_missing(news, version) || differs;
  for (auto& [key, json] : news.items) {
    if (!json) {
      if (items_.erase(key) > 0) {
        gone_[key] = version;
        differs = true;
      }
      continue;
    }
    auto& known = items_[key];
    if (known.version != 0 && known.json == *json)
      continue;
    known = {std::move(*json), version};
    gone_.erase(key);
    differs = true;
  }
  if (!differs)
    return;
  version_ = version;
  if (gone_.size() > most_removals) {
    gone_.clear();
    floor_ = version;
  }
}

bool live_view::remove_missing(const reading& news, std::uint64_t version) {
  std::set<std::string_view> named;
  for (const auto& item : news.items)
    named.insert(item.key);
  return std::erase_if(items_,
                       [&](const auto& item) {
                         if (named.contains(item.first))
                           return false;
                         gone_[item.first] = version;
                         return true;
                       })
         > 0;
}

/// One event of the round that the client is in, or of a new one.
std::string live_view::collect(position& at) {
  if (at.seen < floor_ && !at.after)
    at.seen = 0;
  const bool whole = at.seen == 0;
  const bool begins = !at.after;
  std::string changed;
  std::string removed;
  if (begins) {
    at.target = version_;
    for (const auto& [key, version] : gone_)
      if (!whole && version > at.seen)
        append_json(removed, json_string(key));
  }
  auto next = begins ? items_.begin() : items_.upper_bound(*at.after);
  for (std::size_t count = 0; next != items_.end() && count < most_in_event; ++next) {
    at.after = next->first;
    if (next->second.version <= at.seen)
      continue;
    append_json(changed, next->second.json);
    ++count;
  }
  std::string out = whole && begins ? "event: snapshot\n" : "event: change\n";
  if (next == items_.end()) {
    at.seen = at.target;
    at.after.reset();
    // With an ID only where a client can go on after it.
    out += "id: " + id_of(at.seen) + "\n";
  }
  return out + R"(data: {"changed":[)" + changed + R"(],"removed":[)" + removed + "]}\n\n";
}

} // namespace dklb::actors
