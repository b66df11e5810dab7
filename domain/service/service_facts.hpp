#pragma once

#include "domain/base/echo_guard.hpp"
#include "domain/base/retry_policy.hpp"
#include "domain/base/write_back_limit.hpp"
#include "domain/service/service_phase.hpp"
#include "domain/service/service_plan.hpp"
#include "domain/service/service_timeline.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {

// The life of a Service:
//
//   stage          what holds                                    next
//   seen           it was not planned yet                        ignored, refused, paused, claimed,
//                                                                finding
//   ignored        it is none of ours                            as seen; gone
//   refused        its annotation or spec cannot be provisioned  as seen; stripped
//   paused         its annotation says so                        as seen; stripped
//   claimed        its pool has the newest claim                 as seen; stripped
//   - waiting      Kubernetes or EdgeLB does not take a change   provisioning, provisioned
//   - provisioning the pool has not answered                     waiting, awaiting address
//   - awaiting address  EdgeLB serves it, no address is known    provisioned
//   - provisioned  its status shows an address                   any
//   finding        it is given back: its pools are asked for     releasing
//   releasing      each pool with objects of its is released     released, seen, gone
//   stripped       our finalizer was taken off by force: the     seen, gone
//                  pools that we know of are released
//   released       it is being deleted, the finalizer goes       gone, finding
//   gone           its object is deleted, nothing is left        (the machine has quit)
//
// The four within `claimed` are phases: what was reported last. A Service that is refused or paused
// may be served all the same, by an earlier claim.
enum class service_stage : std::uint8_t {
  seen,
  ignored,
  refused,
  paused,
  claimed,
  finding,
  releasing,
  stripped,
  released,
};

/// What a service_machine remembers. Ten thousand of them stay in memory.
struct service_facts {
  /// Failures since the last success.
  struct failing {
    std::optional<backoff> delays; ///< absent where it is the pool that tries again
    std::uint32_t attempts = 0;
    std::chrono::system_clock::time_point next;
  };
  /// A pool that it gives up.
  struct leaving {
    std::string pool;
    std::optional<creation_strategy> creation;
    bool unavailable = false; ///< the pool is to be asked again when the timer is due
  };
  /// A patch that is not answered yet.
  struct writing {
    std::shared_ptr<const service> before;
    patch_service patch;
  };

  /// What the user is to know of a Service that is served.
  struct remarks {
    std::string claim; ///< of the claim: see claim_pool_part::remarks
    std::shared_ptr<const node_notice> nodes;
    std::shared_ptr<const std::string> told; ///< what the status writer has of it
  };

  service_stage stage = service_stage::seen;
  service_phase phase = service_phase::waiting; ///< as reported last
  bool gate_open = false;
  bool plan_current = false;   ///< planning the present snapshot again would change nothing
  bool served = false;         ///< EdgeLB serves `claim`
  bool moved = false;          ///< the addresses in the status may be those of the pool it left
  bool condition_told = false; ///< the status writer has a condition of ours
  bool measured = false;       ///< it counts in the metrics: a standby counts no Services
  bool guarded = false;        ///< our finalizer was on `object` before
  bool pool_missing = false;   ///< the claim's pool is to be asked for when the timer is due
  std::shared_ptr<const service> object; ///< the newest snapshot; null once it is deleted
  /// The newest of the deleted object whose claims these are; null where that is `object`.
  std::shared_ptr<const service> former;
  echo_guard<service> writes;
  std::unique_ptr<const writing> patch; ///< the one in flight; null: none
  std::shared_ptr<const pool_claim> claim;
  /// What EdgeLB served before `claim`, while it does not serve that: a user whose claim is refused
  /// may choose another pool.
  std::shared_ptr<const pool_claim> served_before;
  std::vector<leaving> leaving_pools;
  std::vector<std::string> found; ///< pools with its objects, to compare with `claim`
  std::shared_ptr<const std::vector<ingress>> addresses;
  std::unique_ptr<remarks> remarked; ///< null: none
  std::unique_ptr<failing> failure;  ///< null: none
  /// Of another program that removes our finalizer; null: there is none.
  std::unique_ptr<write_back_limit> stripper;
  std::size_t last_event = 0; ///< a digest of its reason and message
  service_timeline timeline;
};

} // namespace dklb::domain
