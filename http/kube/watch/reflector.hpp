#pragma once

#include "http/kube/client.hpp"
#include "http/kube/watch/known_objects.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace dklb::http::kube {

/// What a reflector tells its owner; all on the engine's thread.
struct reflector_handler {
  /// An object exists or changed: a list item, ADDED or MODIFIED. Complete, and void afterwards; a
  /// decoder trims it to what is kept.
  std::function<void(json_view object)> on_object;
  /// An object was deleted: DELETED, or missing from a relist, or replaced by one of the same name
  /// with another uid.
  std::function<void(const object_identity& object)> on_deleted;
  /// A list (the first, or a relist) is complete; deletions it showed have been told before.
  std::function<void()> on_synced;
  /// A watch stands: lists and watches work. May be empty.
  std::function<void()> on_watching;
  /// A list or watch failed; it is tried again after `delay`. For logs, /readyz and staleness.
  std::function<void(const domain::error& failure, std::chrono::milliseconds delay)> on_trouble;
  /// Something that is no object of the API (no name or uid, an unknown event) was left out. May be
  /// empty.
  std::function<void(const domain::error& failure)> on_malformed;
};

struct reflector_settings {
  std::string path;           ///< e.g. /api/v1/services
  std::string field_selector; ///< raw, may be ""
  std::string label_selector; ///< raw, may be ""
  int page_size = 500;
  std::chrono::seconds watch_timeout_min{300};
  std::chrono::seconds watch_timeout_max{600};
  /// Silence beyond the watch's own time-out after which the stream is taken for dead.
  std::chrono::milliseconds watch_grace{30000};
  std::chrono::milliseconds list_timeout{60000};
  std::chrono::milliseconds backoff_base{800};
  std::chrono::milliseconds backoff_max{30000};
  /// Objects told and not yet released at which the watch is paused; 0, or a null function: never.
  /// Asked whenever it counts, on any thread.
  std::function<std::size_t()> high_water;
  /// Ask for lists as streams (Kubernetes 1.32 and later; others are listed as usual).
  bool streaming_list = false;
};

/// Keeps a local view of one collection up to date: list in pages, watch with bookmarks, relist
/// where the rules demand it (docs/kubernetes.md, "List and watch"). Remembers namespace, name and
/// uid of what exists, nothing else. Start and stop may be called from any thread.
class reflector {
public:
  reflector(std::shared_ptr<client> client, reflector_settings settings, reflector_handler handler);
  ~reflector();
  reflector(const reflector&) = delete;
  reflector& operator=(const reflector&) = delete;

  void start();
  /// No handler runs after this returned (unless it is called from a handler). Not to be called
  /// with a lock held that a handler takes.
  void stop();
  /// The owner is done with `count` objects (flow control, see high_water): every on_object and
  /// on_deleted counts one. Any thread.
  void release(std::size_t count);
  /// Time since anything (an event, a bookmark, a list, an orderly close) was heard, or since the
  /// start. Any thread.
  std::chrono::milliseconds staleness() const;

private:
  class implementation;
  std::shared_ptr<implementation> implementation_;
};

} // namespace dklb::http::kube
