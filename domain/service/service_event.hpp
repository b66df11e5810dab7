#pragma once

#include "domain/base/error.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/service/service_plan.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dklb::domain {

/// What a service_machine waits for; one timer of each purpose at most is armed.
enum class service_timer : std::uint8_t {
  retry,   ///< the object is to be planned again
  grace,   ///< the user is to be told that an address is awaited
  echo,    ///< the echo of our own write has not come
  claim,   ///< the claim's pool is to be asked for again
  find,    ///< the pools to clean up are to be asked for again
  release, ///< pools that were not there are to be asked again for a release
};
inline constexpr std::size_t service_timers = 6;

/// What a service_machine looks at beside its event; lent for one call.
struct service_surroundings {
  const service_settings& settings;
  /// False: objects in a pool that the Service left unseen are reported only, never removed.
  bool removes_leftovers = true;
  std::chrono::milliseconds retry_base{};
  std::chrono::milliseconds retry_max{};
  /// How long an address may be missing before the user is told that it is awaited.
  std::chrono::milliseconds address_grace{};
  std::chrono::milliseconds now{};               ///< monotonic
  std::chrono::system_clock::time_point clock{}; ///< for people
  /// Fills in what is known of the pools: `suffix`, `pool_exists`, `holders` and `held`.
  std::function<void(service_plan_input&)> add_pools;
};

/// What a service_machine is told.
namespace service_event {

/// The first event: the Service, and whether work may be done.
struct begun {
  std::shared_ptr<const service> object;
  bool gate_open = false;
};
/// A snapshot from the watch.
struct seen {
  std::shared_ptr<const service> object;
};
/// The object was deleted.
struct deleted {};
/// `why`: shown to a Service that waits; "" for nothing.
struct gate_moved {
  bool open = false;
  std::string why;
};
/// Other actors were replaced: what they were told has to be told again.
struct peers_replaced {};
/// The answer to a patch_object.
struct patch_answered {
  result<std::shared_ptr<const service>> outcome;
};
/// The pool as it stands in EdgeLB serves the claim, or refuses it. `attempts` and `retry_in` where
/// EdgeLB refused: how often by now, and when the pool tries again.
struct claim_settled {
  std::shared_ptr<const pool_claim> claim;
  std::optional<claim_refusal> refusal;
  std::uint32_t attempts = 0;
  std::chrono::milliseconds retry_in{};
  /// Without a refusal: what the Service is to know of its nodes; null: nothing.
  std::shared_ptr<const node_notice> notice = nullptr;
};
/// EdgeLB does not take the pool's change for now.
struct claim_delayed {
  std::string pool;
  std::string message;
  std::uint32_t attempts = 0;
  std::chrono::milliseconds retry_in{};
};
/// EdgeLB has confirmed that nothing of the Service is left in the pool.
struct released {
  std::string pool;
};
/// The answer to find_pools: the pools with objects of the Service. Absent: not known now.
struct pools_found {
  std::optional<std::vector<std::string>> pools;
};
/// The inventory shows objects of the Service in these pools.
struct objects_found {
  std::vector<std::string> pools;
};
/// The status shows these addresses; `written` where this took a patch.
struct addresses_published {
  std::shared_ptr<const std::vector<ingress>> addresses;
  bool written = false;
};
struct timer_due {
  service_timer timer = service_timer::retry;
};
/// The pool's actor ended without an answer to the claim or the release.
struct pool_ended {
  std::string pool;
};
/// There is no actor for the pool now.
struct pool_unavailable {
  std::string pool;
};

using any = std::variant<begun, seen, deleted, gate_moved, peers_replaced, patch_answered,
                         claim_settled, claim_delayed, released, pools_found, objects_found,
                         addresses_published, timer_due, pool_ended, pool_unavailable>;

} // namespace service_event

} // namespace dklb::domain
