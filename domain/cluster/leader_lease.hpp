#pragma once

#include "domain/base/error.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace dklb::domain {

/// The spec and resource version of a Lease object (coordination.k8s.io/v1).
struct lease_record {
  using wall_time = std::chrono::sys_time<std::chrono::microseconds>;

  std::string holder; ///< "" if it was released
  std::chrono::seconds duration{15};
  wall_time acquired{};
  wall_time renewed{};
  std::int64_t transitions = 0;
  std::string version; ///< metadata.resourceVersion

  friend bool operator==(const lease_record&, const lease_record&) = default;
};

/// Identity and times of one candidate. The configuration's reader checks that the duration is
/// whole seconds and that duration > renew deadline > 1.2 x retry period.
struct lease_settings {
  std::string identity; ///< `<hostname>_<uuid>`, never the same for two processes
  std::chrono::milliseconds duration{15000};
  std::chrono::milliseconds renew_deadline{10000};
  std::chrono::milliseconds retry_period{2000};
};

/// The time-out of a request about the Lease: half the renew deadline, at least 1 s.
std::chrono::milliseconds lease_request_timeout(const lease_settings& settings);

/// The next action of a candidate.
enum class lease_action {
  read,      ///< GET the Lease
  create,    ///< POST the Lease, because none exists
  take_over, ///< PUT the Lease, because it was released or has expired
  renew,     ///< PUT the Lease, because this candidate holds it
  wait,      ///< do nothing for `delay`, then call next() again
  lost,      ///< leadership is lost for good: stop all work
};

/// The answer of lease_elector::next().
struct lease_step {
  lease_action action = lease_action::read;
  std::chrono::milliseconds delay{0}; ///< of `wait`

  friend bool operator==(const lease_step&, const lease_step&) = default;
};

/// The state machine of one candidate for leadership. The caller does the action of next(), reports
/// its outcome with read(), written() or failed(), and calls next() again. Time is the caller's
/// monotonic clock. The wall-clock times of a record are for people and never compared, because
/// clocks differ. Lives as long as its candidate; after `lost` it leads no more. Not thread-safe.
/// Source: docs/kubernetes.md, "Leadership".
class lease_elector {
public:
  using time = std::chrono::milliseconds;

  explicit lease_elector(lease_settings settings) : settings_(std::move(settings)) {}

  /// The next action. `random` in [0, 1) spreads the attempts of several candidates.
  lease_step next(time now, double random) const;

  /// A read succeeded. An empty `record` means that no Lease exists.
  void read(const std::optional<lease_record>& record, time now);
  /// A create, take-over or renewal that was sent at `sent` succeeded; `record` is the response.
  void written(const lease_record& record, time sent);
  /// A request that was sent at `sent` failed at `now`.
  void failed(const error& failure, time sent, time now);

  /// The record to write for a create, take-over or renewal.
  lease_record desired(lease_record::wall_time now) const;
  /// The record that gives leadership back at an orderly end.
  lease_record released(lease_record::wall_time now) const;

  /// True if a write may start at `now`: the last successful renewal was sent less than the renew
  /// deadline ago.
  bool leads(time now) const;
  /// The time at which leads() becomes false unless the Lease is renewed. Empty if it was never
  /// held. The write permit uses it on other threads.
  std::optional<time> leads_until() const;
  /// The holder in the last known record, "" if it has none.
  const std::string& holder() const { return seen_ ? seen_->holder : nobody_; }

private:
  bool expired(time now) const;

  lease_settings settings_;
  std::string nobody_;
  bool absent_ = false;              ///< a read found no Lease
  bool stale_ = true;                ///< the next action must be a read
  std::optional<lease_record> seen_; ///< as last read or written
  time changed_{0};                  ///< when `seen_` was first seen with this content
  time not_before_{0};               ///< when the next attempt may start
  std::optional<time> renewed_;      ///< when the last successful renewal was sent
  bool lost_ = false;                ///< another candidate holds the Lease that this one held
};

} // namespace dklb::domain
