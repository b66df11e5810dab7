#pragma once

#include "http/server/server.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::actors {

/// A list of items that changes, for any number of clients that follow it as server-sent events.
/// The items are read once a second for all clients together, by the thread of one of them, and
/// only while there is a client. Each client gets the whole list and then the differences. A slow
/// client misses the states in between, and delays nobody. Thread-safe. Source:
/// docs/introspection.md, "Streams".
class live_view {
public:
  using clock = std::chrono::steady_clock;

  struct item {
    std::string key;
    std::optional<std::string> json; ///< on one line; empty: the item is gone
  };
  struct reading {
    /// True: items that are not named here are gone. False: they are as they were.
    bool whole = false;
    std::vector<item> items;
  };
  /// The origin of the items.
  struct source {
    /// Reads the items; `first`: for the first time since end(). Empty if that fails now.
    std::function<std::optional<reading>(bool first)> read;
    /// The last client has gone. Must not block.
    std::function<void()> end = [] {};
  };
  struct timing {
    /// From one reading to the next. It is longer if more than 10,000 items are read.
    std::chrono::milliseconds pause{1000};
    /// After this time without a change, the client is told that the stream is alive.
    std::chrono::milliseconds alive{5000};
    /// How often a waiting thread looks whether its client is still there.
    std::chrono::milliseconds glance{500};
  };

  explicit live_view(source from) : live_view(std::move(from), timing{}) {}
  live_view(source from, timing times);
  live_view(const live_view&) = delete;
  live_view& operator=(const live_view&) = delete;

  /// Serves a client until it is gone, too slow, or its listener ends. `last_id` is the ID of the
  /// last event that it got from an earlier stream, "" if there is none.
  void serve(http::server::event_sink& client, std::string_view last_id);

private:
  struct entry {
    std::string json;
    std::uint64_t version = 0;
  };
  /// How far a client is. It gets the changes after `seen` in the order of their keys, some at a
  /// time; what changes meanwhile comes in the next round.
  struct position {
    std::uint64_t seen = 0; ///< 0: nothing
    std::uint64_t target = 0;
    std::optional<std::string> after; ///< the last key of this round; empty: no round has begun
  };
  class membership;

  void leave();
  position find(std::string_view id);
  std::string next_event(position& at, clock::time_point until);
  void await_news(std::unique_lock<std::mutex>& lock, const position& at, clock::time_point until);
  void read(std::unique_lock<std::mutex>& lock);
  void merge(reading&& news);
  bool remove_missing(const reading& news, std::uint64_t version);
  std::string collect(position& at);
  std::string id_of(std::uint64_t version) const;

  const source source_;
  const timing times_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t clients_ = 0;
  std::uint64_t era_;         ///< part of each ID; another one after each time without clients
  std::uint64_t version_ = 0; ///< of the newest change; 0: nothing is read yet
  std::uint64_t floor_ = 0;   ///< removals up to this version are forgotten
  std::map<std::string, entry> items_;        ///< by key
  std::map<std::string, std::uint64_t> gone_; ///< removed items, with the version
  bool reading_ = false;
  clock::time_point due_; ///< the next reading
};

} // namespace dklb::actors
