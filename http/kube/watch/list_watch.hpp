#pragma once

#include "domain/base/error.hpp"
#include "domain/base/retry_policy.hpp"
#include "http/kube/watch/watch_event.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace dklb::http::kube {

/// What a reflector does next.
enum class list_watch_action {
  list,   ///< request the page that next_list() describes
  watch,  ///< watch from version()
  stream, ///< watch with the initial events sent first (a streaming list)
};

struct list_watch_step {
  list_watch_action action = list_watch_action::list;
  std::chrono::milliseconds delay{0};

  friend bool operator==(const list_watch_step&, const list_watch_step&) = default;
};

/// The parameters of one page of a list.
struct list_query {
  std::string resource_version; ///< "": left out, the latest
  int limit = 0;                ///< 0: left out
  std::string continue_token;   ///< "": the first page

  friend bool operator==(const list_query&, const list_query&) = default;
};

struct list_watch_settings {
  int page_size = 500;
  bool streaming = false;
  domain::backoff_settings backoff{std::chrono::milliseconds{800}, std::chrono::milliseconds{30000},
                                   2.0, 1.0};
  /// Quiet time after which the back-off starts from its base again.
  std::chrono::milliseconds quiet{120000};
};

/// Which page, watch or pause follows on what: the rules of list and watch without any I/O. Time is
/// a monotonic clock's; `random` in [0, 1) spreads the delays.
/// Source: docs/kubernetes.md, "List and watch".
class list_watch {
public:
  using time = std::chrono::milliseconds;

  explicit list_watch(list_watch_settings settings);

  list_watch_step first() const;
  list_query next_list() const;
  const std::string& version() const { return version_; }

  /// Lists are asked for as streams, as far as the server is known to have them.
  bool streams() const { return streaming_; }

  /// A page has come. `list` again where it names another page.
  list_watch_step page_received(const list_metadata& page);
  list_watch_step list_failed(const domain::error& failure, time now, double random);

  /// An event or a bookmark names a newer version.
  void version_seen(const std::string& version);
  /// The bookmark that ends a streaming list; from now on it is a plain watch. False where that was
  /// known.
  bool initial_events_ended() { return !std::exchange(listed_, true); }
  /// A watch was refused or never opened.
  list_watch_step watch_refused(const domain::error& failure, time now, double random);
  /// An open watch ended, cleanly or cut off, after `lifetime` and `events` events and bookmarks.
  list_watch_step watch_ended(time lifetime, std::uint64_t events, time now, double random);
  /// The watch told an ERROR event, or something that is no event.
  list_watch_step watch_broken(const domain::error& failure, time now, double random);

private:
  list_watch_step relist(const domain::error& failure, time now, double random);
  time delay(const domain::error& failure, time now, double random);

  list_watch_settings settings_;
  domain::backoff backoff_;
  time last_failure_{0};
  std::string version_;
  std::string continue_;
  bool listed_ = false;    ///< what was listed last is complete
  bool latest_ = false;    ///< the known version is of no use: list without one
  bool unlimited_ = false; ///< a continue token expired: all in one page
  bool streaming_ = false;
};

} // namespace dklb::http::kube
