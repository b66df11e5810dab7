#pragma once

#include "domain/document/pool_snapshot.hpp"
#include "domain/pool/pool_claim.hpp"
#include "domain/pool/pool_plan.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a pool_machine asks of the actor that owns it. The actor takes each effect apart by
/// structured binding, so that a new field does not compile until it is obeyed.
namespace dklb::domain::pool_effects {

using claim_ptr = std::shared_ptr<const pool_claim>;
using snapshot_ptr = std::shared_ptr<const pool_snapshot>;
using std::chrono::milliseconds;

/// Ask the inventory what it knows of the pool. The answer goes to pool_machine::recalled().
struct recall {};
/// GET the pool. The answer goes to pool_machine::read_answered().
struct read {};
/// POST, PUT or DELETE the pool. The answer goes to pool_machine::write_answered().
struct write {
  pool_action action = pool_action::none;
  std::shared_ptr<const pool_document> document;
};
/// EdgeLB took a write: count it and log its cause. `exists`: whether EdgeLB has the pool now.
struct note_write {
  pool_action action = pool_action::none;
  std::string cause;
  bool exists = false;
};
/// Notify the inventory of the pool as EdgeLB has it. Null: it does not exist.
struct report_seen {
  snapshot_ptr pool;
};
/// Notify the claim's owner of the verdict; no refusal: it is served. Where EdgeLB itself refused,
/// `attempts` counts the refused tries and `retry_in` is the time until the next one.
struct settle_claim {
  claim_ptr claim;
  std::optional<claim_refusal> refusal;
  std::uint32_t attempts = 0;
  milliseconds retry_in{};
  /// What a Service that is served is to know of its nodes; null: nothing.
  std::shared_ptr<const node_notice> notice = nullptr;
};
/// Notify the Service's claim's owner that it waits, and why.
struct delay_claim {
  service_key service;
  std::string message;
  std::uint32_t attempts = 0;
  milliseconds retry_in{};
};
/// The Service has no objects in the pool any more: answer everybody who released it.
struct confirm_release {
  service_key service;
};
/// Ask the inventory for a pool_drifted once another pool gives a port up.
struct await_room {};
/// EdgeLB refuses the claim in these words. Ask the inventory which pools have its ports. The
/// answer goes to pool_machine::users_found().
struct find_port_users {
  claim_ptr claim;
  std::string words;
};
/// Notify the poller of the claims that the pool serves. `now`: they were written just now.
struct poll_metadata {
  std::vector<claim_ptr> claims;
  bool now = false;
};
enum class timer : std::uint32_t { wake, retry_faulty };
/// Call pool_machine::timer_due() with both after `delay`.
struct arm_timer {
  timer purpose = timer::wake;
  std::uint64_t epoch = 0;
  milliseconds delay{};
};
/// The last operation failed: show it in introspection.
struct note_failure {
  std::string message;
};
/// The last operation worked: nothing is wrong any more.
struct note_success {};
/// EdgeLB refuses a claim or a release: log it.
struct warn {
  service_key service;
  std::string message;
};
/// The round failed: log that it is tried again.
struct log_retry {
  error failure;
  std::uint32_t attempts = 0;
  milliseconds retry_in{};
};
/// EdgeLB does not accept dklb's credentials, which is the same trouble for all pools.
struct report_denied {
  std::string message;
};
/// Nobody needs the pool any more: end.
struct quit {};

} // namespace dklb::domain::pool_effects

namespace dklb::domain {

using pool_effect =
  std::variant<pool_effects::recall, pool_effects::read, pool_effects::write,
               pool_effects::note_write, pool_effects::report_seen, pool_effects::settle_claim,
               pool_effects::delay_claim, pool_effects::confirm_release, pool_effects::await_room,
               pool_effects::find_port_users, pool_effects::poll_metadata, pool_effects::arm_timer,
               pool_effects::note_failure, pool_effects::note_success, pool_effects::warn,
               pool_effects::log_retry, pool_effects::report_denied, pool_effects::quit>;

} // namespace dklb::domain
