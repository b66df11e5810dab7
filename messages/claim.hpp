#pragma once

#include "domain/pool/pool_plan.hpp"
#include "messages/payload.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

/// Claims and releases: messages between service actors and pool actors.
namespace dklb::messages {

/// Service actor to pool actor: what the Service wants of the pool from now on. Replaces the
/// Service's earlier claim. Sent when the claim changes, and again when the pool actor is replaced.
struct claim_pool {
  messages::claim_ptr claim;
};
/// Pool actor to service actor: the verdict on its claim. Sent after a round with a verdict that
/// the service actor has not heard, and after each refusal by EdgeLB. Sent again to a service actor
/// that repeats its claim.
struct claim_settled {
  messages::claim_ptr claim;
  /// Absent: EdgeLB serves the claim.
  std::optional<domain::claim_refusal> refusal = {};
  /// Set if EdgeLB itself refused the claim: the number of refusals so far, and the time until the
  /// pool tries again. Otherwise 0.
  std::uint32_t attempts = 0;
  std::chrono::milliseconds retry_in{};
  /// Without a refusal: what the Service is to know of its nodes. Null: nothing.
  std::shared_ptr<const domain::node_notice> notice = nullptr;
};
/// Pool actor to each service actor that EdgeLB does not serve yet: a read or a write of the pool
/// failed, and the pool tries again by itself. Sent once for each back-off.
struct claim_delayed {
  std::string pool;
  std::string message;        ///< of the failure
  std::uint32_t attempts = 0; ///< failures since the last success
  std::chrono::milliseconds retry_in{};
};
/// Asks a pool actor to remove everything of a Service from its pool. Sent by a service actor that
/// moves or ends, and by the inventory for an orphan. The answer comes after EdgeLB has confirmed
/// the write.
struct release_pool {
  domain::service_key service;
  /// The Service's creation strategy. Absent if the sender does not know it.
  std::optional<domain::creation_strategy> creation = {};
  /// True: forget the claim, but leave the objects to the dklb that serves the Service now.
  bool leave_objects = false;
};
/// Answer to release_pool.
struct pool_released {
  std::string pool;
};

} // namespace dklb::messages
