#pragma once

#include "domain/base/names.hpp"
#include "domain/service/service_plan.hpp"
#include "messages/payload.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Between pools, pollers and status writers.
namespace dklb::messages {

/// Poll this pool's metadata for the Services of these claims, at once where `now`; without any, no
/// more.
struct poll_pool {
  std::string pool;
  std::vector<claim_ptr> claims; ///< sorted by Service
  bool now = false;
};
/// Asks a poller which addresses it has seen in a pool's metadata.
struct find_addresses {
  std::string pool;
};
/// Of the Services that are served, sorted, without duplicates.
struct addresses_found {
  std::vector<domain::ingress> addresses;
};
/// Where a Service can be reached, from its pool's metadata.
struct addresses_observed {
  domain::service_key service;
  std::string uid;
  std::string pool;
  addresses_ptr addresses; ///< null: none is known
  /// Which addresses of the metadata are not published, and why; null: all are.
  std::shared_ptr<const std::string> left_out;
};
/// The status of this Service is the receiver's business from now on; also each newer snapshot.
struct track_status {
  service_ptr object;
};
struct untrack_status {
  domain::service_key service;
  std::string uid;
};
/// What the service actor has to say; a `blocking` one holds although addresses are known, nothing
/// clears it.
struct report_condition {
  domain::service_key service;
  std::string uid;
  std::optional<domain::condition_update> condition;
  bool blocking = false;
};
/// The Service is no longer ours although it lives on: take our addresses off its status.
struct withdraw_status {
  domain::service_key service;
  std::string uid;
};
/// The status shows these addresses now; `written` where this took a patch.
struct addresses_published {
  addresses_ptr addresses;
  bool written = false;
};

} // namespace dklb::messages
