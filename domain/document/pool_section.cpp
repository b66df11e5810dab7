#include "domain/document/pool_section.hpp"

#include "domain/document/pool_defaults.hpp"
#include "domain/document/pool_document.hpp"
#include "domain/document/pool_overlay.hpp"
#include "domain/pool/pool_refusals.hpp"

#include <algorithm>
#include <type_traits>

namespace dklb::domain {

namespace {

/// A value as it would stand in the annotation.
template <class T>
std::string shown(const T& value) {
  return pool_document(value).dump(-1, ' ', false, pool_document::error_handler_t::replace);
}

std::string way_out(const char* key) {
  return "use the same value, leave " + in_quotes(key) + " out, or name another pool";
}

claim_refusal differs(const pool_claim& claim, const char* key, const std::string& wanted,
                      const std::string& decided, const pool_claim& decider) {
  return {refusal_reason::pool_conflict,
          std::string(key) + " " + wanted + " differs from " + decided + ", which service "
            + to_string(decider.service) + " has set for pool " + in_quotes(claim.pool)
            + " and which holds because that service is older; " + way_out(key)};
}

template <class T>
std::optional<claim_refusal> compare(const char* key, std::optional<T> pool_wishes::*field,
                                     const pool_claim* decider, const pool_claim& claim) {
  if (!decider || !(claim.*field) || *(decider->*field) == *(claim.*field))
    return std::nullopt;
  return differs(claim, key, shown(*(claim.*field)), shown(*(decider->*field)), *decider);
}

claim_refusal fixed_in_pool(const pool_claim& claim, const char* key, std::string_view wanted,
                            std::string_view present) {
  return {refusal_reason::pool_conflict,
          std::string(key) + " " + in_quotes(wanted) + " differs from " + in_quotes(present)
            + ", the " + key + " of pool " + in_quotes(claim.pool)
            + ", which cannot be changed once the pool exists; " + way_out(key)};
}

/// Role and network against a pool that exists.
std::optional<claim_refusal> compare_with_pool(const pool_document& pool, const pool_claim& claim) {
  if (claim.role && *claim.role != role_of(pool))
    return fixed_in_pool(claim, "role", *claim.role, role_of(pool));
  const auto network = network_of(claim);
  const auto present = networks_of(pool);
  const bool joined =
    network
    && (network->empty() ? present.empty()
                         : std::find(present.begin(), present.end(), *network) != present.end());
  if (network && !joined)
    return fixed_in_pool(claim, "network", *network, present.empty() ? "" : present.front());
  return std::nullopt;
}

/// Role and network of a pool that would be created, with `claim` among its claims.
std::optional<claim_refusal> compare_for_creation(const section_deciders& older,
                                                  const pool_claim& claim) {
  if (auto refusal = compare("role", &pool_claim::role, older.role, claim))
    return refusal;
  const auto network = network_of(claim);
  const auto decided = older.network ? network_of(*older.network) : std::nullopt;
  if (network && decided && *network != *decided)
    return differs(claim, "network", shown(*network), shown(*decided), *older.network);
  const auto effective = decided ? decided : network;
  if (!effective || is_cloud(claim))
    return std::nullopt;
  const auto role = older.role ? *older.role->role : claim.role.value_or(public_role);
  if (role == public_role && !effective->empty())
    return claim_refusal{refusal_reason::invalid,
                         "cannot join a virtual network when the pool's role is \"slave_public\""};
  if (role != public_role && effective->empty())
    return claim_refusal{refusal_reason::invalid,
                         "cannot join the host network when the pool's role is " + in_quotes(role)};
  return std::nullopt;
}

} // namespace

void section_deciders::admit(const pool_claim& claim) {
  const auto take = [&](const pool_claim*& decider, bool sets) {
    if (!decider && sets)
      decider = &claim;
  };
  take(role, claim.role.has_value());
  take(network, network_of(claim).has_value());
  take(cpus, claim.cpus.has_value());
  take(memory, claim.memory.has_value());
  take(size, claim.size.has_value());
  take(constraints, claim.constraints.has_value());
  take(cloud_provider, is_cloud(claim));
}

pool_claim as_present(const pool_document& pool, pool_claim claim) {
  const auto keep = [&pool](auto& wish, const char* key) {
    using value_type = typename std::remove_reference_t<decltype(wish)>::value_type;
    const auto& present = member(pool, key);
    if constexpr (std::is_same_v<value_type, std::string>) {
      if (wish)
        wish =
          present.is_string() ? std::optional{present.template get<std::string>()} : std::nullopt;
    } else if (wish) {
      wish = present.is_number() ? std::optional{present.template get<value_type>()} : std::nullopt;
    }
  };
  keep(claim.cpus, "cpus");
  keep(claim.memory, "mem");
  keep(claim.size, "count");
  keep(claim.constraints, "constraints");
  return claim;
}

std::optional<claim_refusal> section_conflict(const pool_document* pool,
                                              const section_deciders& older,
                                              const pool_claim& claim) {
  if (auto refusal = pool ? compare_with_pool(*pool, claim) : compare_for_creation(older, claim))
    return refusal;
  if (auto refusal = compare("cpus", &pool_claim::cpus, older.cpus, claim))
    return refusal;
  if (auto refusal = compare("memory", &pool_claim::memory, older.memory, claim))
    return refusal;
  if (auto refusal = compare("size", &pool_claim::size, older.size, claim))
    return refusal;
  return compare("constraints", &pool_claim::constraints, older.constraints, claim);
}

pool_document new_pool(const pool_settings& settings, const std::string& name,
                       const section_deciders& deciders) {
  const auto role = deciders.role ? *deciders.role->role : std::string(public_role);
  const auto network = deciders.network ? *network_of(*deciders.network)
                                        : std::string(role == public_role ? "" : default_network);
  constexpr std::size_t optional_members = 4; // networks, constraints, cloudProvider, haproxy
  auto pool = object_of<optional_members>("name", name, "namespace", settings.pool_group, "role",
                                          role, "cpus", default_cpus, "mem", default_memory,
                                          "count", settings.default_size);
  if (!network.empty())
    pool["virtualNetworks"] = pool_document::array({object_of("name", network)});
  apply_section(pool, deciders);
  pool["haproxy"] = object_of("stats", object_of("bindPort", 0), "frontends",
                              pool_document::array(), "backends", pool_document::array());
  return pool;
}

bool apply_section(pool_document& pool, const section_deciders& deciders) {
  auto desired = pool_document::object();
  if (deciders.cpus)
    desired["cpus"] = *deciders.cpus->cpus;
  if (deciders.memory)
    desired["mem"] = *deciders.memory->memory;
  if (deciders.size)
    desired["count"] = *deciders.size->size;
  if (deciders.constraints)
    desired["constraints"] = *deciders.constraints->constraints;
  if (deciders.cloud_provider)
    desired["cloudProvider"] =
      pool_document::parse(deciders.cloud_provider->cloud_provider, nullptr, false);
  return overlay(pool, desired);
}

} // namespace dklb::domain
