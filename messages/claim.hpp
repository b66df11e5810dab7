#pragma once

#include "domain/pool/pool_plan.hpp"
#include "messages/payload.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

/// Between Service actors and pools.
namespace dklb::messages {

/// The sender wants this of the pool from now on; replaces its earlier claim.
struct claim_pool {
  messages::claim_ptr claim;
};
/// The pool as it now stands in EdgeLB serves the claim, or refuses it.
struct claim_settled {
  messages::claim_ptr claim;
  std::optional<domain::claim_refusal> refusal = {};
  /// Where it was EdgeLB that refused: how often by now, and when the pool tries again.
  std::uint32_t attempts = 0;
  std::chrono::milliseconds retry_in{};
};
/// The claim waits because EdgeLB does not take it for now.
struct claim_delayed {
  std::string pool;
  std::string message;
  std::uint32_t attempts = 0;
  std::chrono::milliseconds retry_in{};
};
/// Remove everything of this Service from the pool; answered once EdgeLB confirmed it.
struct release_pool {
  domain::service_key service;
  /// Its creation strategy; absent where the sender does not know it.
  std::optional<domain::creation_strategy> creation = {};
  /// Only forget the claim: what is in the pool belongs to the dklb that serves the Service now.
  bool leave_objects = false;
};
struct pool_released {
  std::string pool;
};

} // namespace dklb::messages
