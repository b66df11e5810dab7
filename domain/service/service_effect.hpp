#pragma once

#include "domain/pool/pool_status.hpp"
#include "domain/service/service_event.hpp"
#include "domain/service/service_phase.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a service_machine wants done, in this order. Each field is to be obeyed.
namespace dklb::domain::service_effect {

/// Patch the object, bound to its version; the answer is a patch_answered.
struct patch_object {
  std::shared_ptr<const service> object;
  patch_service patch;
};
/// Hand the claim to its pool: claim_settled or claim_delayed follow, or pool_unavailable.
struct claim_pool {
  std::shared_ptr<const pool_claim> claim;
};
/// Forget the pool of the last claim. `leave_objects`: the pool forgets the claim, too, and leaves
/// what it has of it to another dklb.
struct end_claim {
  bool leave_objects = false;
};
/// Have the pool remove everything of the Service: released follows, or pool_unavailable. Replaces
/// an earlier one of that pool.
struct release_pool {
  std::string pool;
  std::optional<creation_strategy> creation; ///< the Service's; absent: not known
};
/// The release is done, or not wanted any more; `leave_objects` as above.
struct end_release {
  std::string pool;
  bool leave_objects = false;
};
/// Ask which pools hold objects of the Service; the answer is a pools_found.
struct find_pools {};
/// Have the Service's status written, as of this snapshot.
struct track {
  std::shared_ptr<const service> object;
};
/// Have it written no more.
struct untrack {
  std::string uid;
};
/// Have our addresses taken off the status.
struct withdraw {
  std::string uid;
};
/// The condition that the status is to have, absent for none of its own; `blocking`: it holds
/// although addresses are known.
struct report {
  std::string uid;
  std::optional<condition_update> condition;
  bool blocking = false;
};
/// What the condition is to say of a Service that is served, beside its addresses; null: nothing.
struct remark {
  std::string uid;
  std::shared_ptr<const std::string> text;
};
struct record_event {
  std::string uid;
  bool warning = false;
  std::string reason;
  std::string message;
};
/// Tell timer_due after the delay, instead of an earlier one of this purpose.
struct arm_timer {
  service_timer timer = service_timer::retry;
  std::chrono::milliseconds delay{};
};
/// The Service is in this phase, for the metrics; `has_address`: its status shows one.
struct measure {
  service_phase phase = service_phase::waiting;
  bool has_address = false;
  bool no_nodes = false; ///< it waits for a node that can take its traffic
};
/// What is to be told of the Service now; `repeated`: nothing new, so the log is spared.
struct show {
  service_report report;
  bool repeated = false;
};
/// The last error, for introspection.
struct keep_error {
  std::string message;
};
/// The object could not be patched; it is tried again.
struct log_failure {
  error failure;
};
/// Objects are removed from a pool that the Service had left unseen.
struct log_leaving {
  std::string pool;
};
/// There is nothing left to do; no event is taken any more.
struct quit {};

using any = std::variant<patch_object, claim_pool, end_claim, release_pool, end_release, find_pools,
                         track, untrack, withdraw, report, remark, record_event, arm_timer, measure,
                         show, keep_error, log_failure, log_leaving, quit>;
using list = std::vector<any>;

} // namespace dklb::domain::service_effect
