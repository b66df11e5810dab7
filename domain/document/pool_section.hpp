#pragma once

#include "domain/pool/pool_plan.hpp"

#include <optional>
#include <string>

namespace dklb::domain {

/// For each key of the pool section (everything in a pool but `haproxy`), the oldest accepted claim
/// that sets it: its value holds, and a younger claim with another value is refused.
struct section_deciders {
  const pool_claim* role = nullptr;
  const pool_claim* network = nullptr;
  const pool_claim* cpus = nullptr;
  const pool_claim* memory = nullptr;
  const pool_claim* size = nullptr;
  const pool_claim* constraints = nullptr;
  const pool_claim* cloud_provider = nullptr;

  /// Takes an accepted claim, younger than those before it, into account.
  void admit(const pool_claim& claim);
};

/// Why `claim` cannot join a pool whose section is decided by `older`; nothing where it can.
/// `pool` is null where the pool does not exist yet: only then are role and network open.
std::optional<claim_refusal>
section_conflict(const pool_document* pool, const section_deciders& older, const pool_claim& claim);

/// `claim` with the values that the pool has for the settings that the claim sets: what a paused
/// Service, whose newer wishes wait, holds against the others.
pool_claim as_present(const pool_document& pool, pool_claim claim);

/// A pool with no frontend and no backend, as the deciders and the defaults shape it.
pool_document new_pool(const pool_settings& settings, const std::string& name,
                       const section_deciders& deciders);

/// Brings cpus, mem, count, constraints and cloudProvider of an existing pool to what the deciders
/// say; a key that nobody sets keeps the pool's present value. True where anything changed.
bool apply_section(pool_document& pool, const section_deciders& deciders);

} // namespace dklb::domain
