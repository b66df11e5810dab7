#pragma once

#include "domain/base/error.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace dklb::domain {

/// What a Lease says about who leads (coordination.k8s.io/v1, its spec and resource version).
struct lease_record {
  using wall_time = std::chrono::sys_time<std::chrono::microseconds>;

  std::string holder; ///< "" where it was released
  std::chrono::seconds duration{15};
  wall_time acquired{};
  wall_time renewed{};
  std::int64_t transitions = 0;
  std::string version; ///< metadata.resourceVersion

  friend bool operator==(const lease_record&, const lease_record&) = default;
};

struct lease_settings {
  std::string identity; ///< `<hostname>_<uuid>`, never the same for two processes
  std::chrono::milliseconds duration{15000};
  std::chrono::milliseconds renew_deadline{10000};
  std::chrono::milliseconds retry_period{2000};
};

/// What is wrong with the times, "" for nothing: duration > renew deadline > 1.2 x retry period,
/// and the duration a whole number of seconds.
std::string lease_mistake(const lease_settings& settings);

/// The longest a request about the Lease may take: half the renew deadline, a second at least.
std::chrono::milliseconds lease_request_timeout(const lease_settings& settings);

enum class lease_action {
  read,      ///< GET the Lease
  create,    ///< POST it: there is none
  take_over, ///< PUT it: it was released or has expired
  renew,     ///< PUT it: we hold it
  wait,      ///< nothing for `delay`, then ask again
  lost,      ///< leadership is gone for good: stop all work
};

struct lease_step {
  lease_action action = lease_action::read;
  std::chrono::milliseconds delay{0}; ///< of `wait`

  friend bool operator==(const lease_step&, const lease_step&) = default;
};

/// Decides what a candidate does about the Lease. Time is the caller's monotonic clock; wall-clock
/// times in a record are written for people and never compared, because clocks differ.
/// The caller does what next() says, reports the outcome, and asks again.
/// Source: docs/kubernetes.md, "Leadership".
class lease_elector {
public:
  using time = std::chrono::milliseconds;

  explicit lease_elector(lease_settings settings) : settings_(std::move(settings)) {}

  /// What to do now. `random` in [0, 1) spreads the candidates.
  lease_step next(time now, double random) const;

  /// A read was answered: the record, or nothing where there is no Lease.
  void read(const std::optional<lease_record>& record, time now);
  /// A create, take-over or renewal that was sent at `sent` succeeded; `record` is the answer.
  void written(const lease_record& record, time sent);
  /// A request that was sent at `sent` failed at `now`.
  void failed(const error& failure, time sent, time now);

  /// The record to write for a create, take-over or renewal.
  lease_record desired(lease_record::wall_time now) const;
  /// The record that hands leadership back at an orderly end.
  lease_record released(lease_record::wall_time now) const;

  /// True where a write may start at `now`: the last successful renewal was sent less than the
  /// renew deadline ago.
  bool leads(time now) const;
  /// Until when leads() holds unless the Lease is renewed; nothing where it was never held. For
  /// whoever guards writes on other threads.
  std::optional<time> leads_until() const;
  /// Whoever holds the Lease as far as known, "" for nobody.
  const std::string& holder() const { return seen_ ? seen_->holder : nobody_; }

private:
  bool expired(time now) const;

  lease_settings settings_;
  std::string nobody_;
  bool absent_ = false;              ///< a read found no Lease
  bool stale_ = true;                ///< read before anything else
  std::optional<lease_record> seen_; ///< as last read or written
  time changed_{0};                  ///< when `seen_` was first seen as it is
  time not_before_{0};               ///< when the next attempt may start
  std::optional<time> renewed_;      ///< when the last successful renewal was sent
  bool lost_ = false;                ///< somebody else holds what we held
};

} // namespace dklb::domain
