#pragma once

#include "tests/support/kube/kube_store.hpp"
#include "tests/support/loopback_server.hpp"

#include <chrono>
#include <map>
#include <string>

namespace dklb::support {

/// The end of a watch: `clean` with the last chunk, `cut` without it, `mid_frame` in the middle of
/// an event.
enum class watch_close { clean, cut, mid_frame };

/// The objects that one watch selects.
struct watch_filter {
  const kube_resource* resource = nullptr;
  std::string name_space; ///< empty: all
  std::string name;       ///< empty: all
  bool bookmarks = false;

  bool wants(const kube_change& change) const;
};

/// The open watches of an imposter. Not thread-safe: used with the imposter's lock. The server
/// queues the bytes per connection, so that a slow watch does not delay others.
class kube_watches {
public:
  void open(const exchange& stream, const watch_filter& filter);
  /// The connection has ended.
  void forget(std::uint64_t exchange_id) { watches_.erase(exchange_id); }
  void tell(const kube_change& change);
  /// Sends a change to one watch only (a replay or the initial events).
  void tell_one(const exchange& stream, const kube_change& change) const;
  void bookmark(const exchange& stream, const kube_resource& resource, std::uint64_t version,
                bool initial_end) const;
  void bookmark_all(std::uint64_t version);
  void fail_one(const exchange& stream, const kube_failure& failure) const;
  void close(watch_close how);
  void end(std::uint64_t exchange_id);
  void silence();
  void send_raw(const std::string& plural, const std::string& bytes) const;
  std::size_t count(const std::string& plural) const;
  /// The time when the last change was sent to the streams.
  std::chrono::steady_clock::time_point last_told() const { return last_told_; }
  void cut_into(std::size_t chunk_bytes) { chunk_bytes_ = chunk_bytes; }

private:
  struct watch {
    exchange stream;
    watch_filter filter;
    bool silent = false;
  };
  std::map<std::uint64_t, watch> watches_;
  std::size_t chunk_bytes_ = 0;
  std::chrono::steady_clock::time_point last_told_;
};

/// The value of `key=value` or `key==value` in a field selector. Empty if the key is absent.
std::string selected_field(const std::string& selector, const std::string& key);

} // namespace dklb::support
