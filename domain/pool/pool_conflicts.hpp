#pragma once

#include "domain/pool/pool_plan.hpp"

#include <map>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// What becomes of the claims on one pool.
struct pool_verdict {
  std::vector<const pool_claim*> accepted; ///< the oldest first
  std::map<service_key, claim_refusal> refusals;
};

/// Decides which claims the pool takes. `claims` are sorted by precedes(), one for each Service;
/// `pool` is null where it does not exist. The rules:
/// - The oldest claim wins, for a port as for a setting (docs/decisions/0003-oldest-wins.md).
/// - A port that a frontend binds now and still wants stays with it, even where an older claim
///   comes to want it: running traffic is never broken.
/// - Two frontends may have one port on different addresses: only what overlaps is a conflict.
/// - A refused claim keeps the ports that its frontends bind now.
/// - A port that an accepted claim gives up is free for the others at once.
/// - A pool that does not exist is created where at least one acceptable claim permits it; claims
///   that forbid creation then join it, because the pool is there.
/// - A cloud-provider pool serves one Service.
/// - A paused claim is not judged. The ports and the settings that its Service has in the pool stay
///   its own.
pool_verdict judge_claims(std::string_view cluster, const pool_document* pool,
                          const std::vector<const pool_claim*>& claims);

} // namespace dklb::domain
