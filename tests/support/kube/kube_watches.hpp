#pragma once

#include "tests/support/kube/kube_store.hpp"
#include "tests/support/loopback_server.hpp"

#include <chrono>
#include <map>
#include <string>

namespace dklb::support {

/// How a watch ends: `clean` with the last chunk, `cut` without, `mid_frame` in the middle of an
/// event.
enum class watch_close { clean, cut, mid_frame };

/// What one watch wants to see.
struct watch_filter {
  const kube_resource* resource = nullptr;
  std::string name_space; ///< empty: all
  std::string name;       ///< empty: all
  bool bookmarks = false;

  bool wants(const kube_change& change) const;
};

/// The open watches and what is sent to them. Not thread-safe; the streams themselves are queued
/// per connection by the server, so that a slow watcher delays nobody.
class kube_watches {
public:
  void open(const exchange& stream, const watch_filter& filter);
  /// The connection is gone.
  void forget(std::uint64_t exchange_id) { watches_.erase(exchange_id); }
  void tell(const kube_change& change);
  /// To one watch only (a replay or the initial events).
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
  /// When the last change was handed to the streams.
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

/// True where `key=value` or `key==value` stands in a field selector; gives the value.
std::string selected_field(const std::string& selector, const std::string& key);

} // namespace dklb::support
