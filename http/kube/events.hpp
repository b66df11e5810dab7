#pragma once

#include "http/kube/client.hpp"
#include "http/kube/timestamp.hpp"

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

namespace dklb::http::kube {

/// Which of the two event APIs is written; never both for one event.
enum class event_api { events_v1, core_v1 };

/// Asks the server whether it has events.k8s.io/v1.
void find_event_api(client& client, reply<event_api> done);

/// The object an event is about.
struct event_object {
  std::string api_version = "v1";
  std::string kind = "Service";
  std::string name_space; ///< "" for cluster-wide objects: their events stand in `default`
  std::string name;
  std::string uid;
  std::string resource_version; ///< may be ""

  friend bool operator==(const event_object&, const event_object&) = default;
};

enum class event_type { normal, warning };

/// One thing that happened. Texts longer than the API takes are cut.
struct event_note {
  event_object about;
  event_type type = event_type::normal;
  std::string reason; ///< UpperCamelCase, up to 128 characters
  std::string action; ///< what was being done, up to 128 characters
  std::string note;   ///< for people, up to 1024 characters
};

struct event_settings {
  event_api api = event_api::events_v1;
  std::string instance; ///< reportingInstance: our identity, up to 128 characters
  /// How many events of one object may go out at once, and how soon each is free again.
  int burst = 25;
  std::chrono::milliseconds refill{300000};
  /// Repeats within this time of each other form a series.
  std::chrono::milliseconds series_gap{360000};
  /// How many different events, and objects, are remembered.
  std::size_t most_remembered = 4096;
};

/// A write that tells the server of an event, and the key its outcome is reported under.
struct event_write {
  call request;
  std::uint64_t key = 0;
};

/// Turns what happened into writes: the first of a kind creates an Event, repeats within the series
/// gap count it up, and an object that is noisy beyond its budget is cut short. Decides only; the
/// owner sends, one write per key at a time, and never waits for the outcome. Not thread-safe.
/// Source: docs/kubernetes.md, "Events".
class event_series {
public:
  explicit event_series(event_settings settings) : settings_(std::move(settings)) {}

  /// The write for one more occurrence; nothing where the object's budget is spent. `wall` is for
  /// people, `now` a monotonic clock's time.
  std::optional<event_write> record(const event_note& what, micro_time wall,
                                    std::chrono::milliseconds now);
  /// A write failed: not_found (it has expired) makes the next occurrence a new Event.
  void failed(std::uint64_t key, const domain::error& failure);

private:
  struct entry {
    std::uint64_t moment = 0; ///< in the name of the Event object
    std::int64_t count = 1;
    std::chrono::milliseconds last{0};
    std::list<std::uint64_t>::iterator order;
  };
  struct budget {
    double left = 0;
    std::chrono::milliseconds at{0};
    std::list<std::size_t>::iterator order;
  };

  /// A series that ended and a budget that is whole again are as good as none.
  void forget_what_is_over(std::chrono::milliseconds now);
  /// What the object may spend by now.
  double left_of(const budget& purse, std::chrono::milliseconds now) const;
  bool spend(const std::string& uid, std::chrono::milliseconds now);
  event_write create(const event_note& what, const entry& kept, std::uint64_t key,
                     micro_time wall) const;
  event_write repeat(const event_note& what, const entry& kept, std::uint64_t key,
                     micro_time wall) const;

  event_settings settings_;
  // Both by a digest of what they are about: the texts would be most of what is remembered.
  std::unordered_map<std::uint64_t, entry> entries_;
  std::list<std::uint64_t> entry_order_; ///< the oldest first
  std::unordered_map<std::size_t, budget> budgets_;
  std::list<std::size_t> budget_order_;
  std::uint64_t created_ = 0;
};

} // namespace dklb::http::kube
