#pragma once

#include "domain/pool/pool_inventory.hpp"
#include "domain/pool/pool_plan.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// The port is bound by no claim of the plan.
inline constexpr std::size_t no_candidate = static_cast<std::size_t>(-1);

/// Who binds a port: a Service by its key, a foreign frontend by its name, or the statistics page.
struct port_holder {
  std::size_t candidate = no_candidate; ///< the claim's number in age order, where there is one
  const service_key* service = nullptr;
  std::string_view frontend = {};
  bool statistics = false;
};

/// `"value"`
std::string in_quotes(std::string_view value);

/// The refusals, each with the cause, the other party by name and the next step.
claim_refusal port_conflict(const pool_claim& claim, int port, const port_holder& holder);
claim_refusal dedicated(const pool_claim& claim, const service_key& other);
claim_refusal in_use(const pool_claim& claim, const std::string& user);
claim_refusal uneditable(const pool_claim& claim, const std::string& reason);
claim_refusal creation_forbidden(const pool_claim& claim);

/// EdgeLB refuses the pool with this claim in it, in these words. `users`: other pools with the
/// claim's ports (pool_inventory::users_of()); those that the words are about are named.
claim_refusal refused_by_edgelb(std::string_view cluster, const pool_claim& claim,
                                const std::string& words, const std::vector<port_user>& users);

/// What is wrong with the claim by itself, whatever the pool and the other claims are.
std::optional<claim_refusal> invalid_claim(const pool_claim& claim);

} // namespace dklb::domain
