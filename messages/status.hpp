#pragma once

#include "domain/base/names.hpp"
#include "domain/service/service_plan.hpp"
#include "messages/payload.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Addresses and status: messages between pools, pollers, status writers and service actors.
namespace dklb::messages {

/// Pool actor to poller: poll the pool's metadata for these Services. Sent when a round has written
/// the pool or changed the list, and to a restarted poller. An empty list ends the polls; the
/// supervisor sends one when the pool actor has failed.
struct poll_pool {
  std::string pool;
  std::vector<claim_ptr> claims; ///< of the served Services, sorted by Service
  bool now = false;              ///< do not wait for the next poll that is due
};
/// Pool actor to poller, for introspection: which addresses has the pool's metadata shown?
struct find_addresses {
  std::string pool;
};
/// Answer to find_addresses: the addresses of the served Services, sorted, without duplicates.
struct addresses_found {
  std::vector<domain::ingress> addresses;
};
/// Poller to status writer: the addresses of a Service in its pool's metadata. Sent when they have
/// changed, and to a restarted writer.
struct addresses_observed {
  domain::service_key service;
  std::string uid;
  std::string pool;
  addresses_ptr addresses; ///< null: none is known
  /// Which addresses of the metadata are not published, and why. Null: all are published.
  std::shared_ptr<const std::string> left_out;
  /// Addresses that the Service does not want and that go from its status. Null: none.
  addresses_ptr withheld = nullptr;
};
/// Service actor to status writer: keep the status of this Service. Sent with each newer snapshot,
/// and to a restarted writer.
struct track_status {
  service_ptr object;
};
/// Service actor to status writer: forget this Service. Sent when it is deleted, or when dklb
/// neither serves it nor has to clean up after it.
struct untrack_status {
  domain::service_key service;
  std::string uid;
};
/// Service actor to status writer: the condition to show, for example a refusal. Absent: show the
/// condition that follows from the addresses.
struct report_condition {
  domain::service_key service;
  std::string uid;
  std::optional<domain::condition_update> condition;
  /// True: the condition is shown even if addresses are known.
  bool blocking = false;
};
/// Service actor to status writer: what the condition of a Service that is served says beside its
/// addresses, such as a port that is not served. Sent when it changes, and to a restarted writer.
struct report_remark {
  domain::service_key service;
  std::string uid;
  std::shared_ptr<const std::string> remark; ///< null: nothing
};
/// Service actor to status writer: dklb does not serve the Service any more, although it exists.
/// Remove dklb's addresses from its status.
struct withdraw_status {
  domain::service_key service;
  std::string uid;
};
/// Status writer to service actor: the status now shows these addresses. Sent once for each
/// addresses_observed, and after each patch.
struct addresses_published {
  addresses_ptr addresses;
  bool written = false; ///< false: the status showed them already
};

} // namespace dklb::messages
