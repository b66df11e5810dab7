#pragma once

#include "domain/service/service.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace dklb::domain {

/// What an object's name inside a pool says about its owner.
struct object_owner {
  service_key service;
  int port = 0;

  friend bool operator==(const object_owner&, const object_owner&) = default;
};

/// `<cluster>:<namespace>:<service>:<port>`, `/` in the cluster name turned into `.`: the name of
/// the frontend and of the backend of one port.
std::string object_name(std::string_view cluster, const service_key& service, int port);

/// The owner of an object name, if it belongs to this cluster; clusters are compared in the dotted
/// form. Anything else is foreign.
std::optional<object_owner> owner_of(std::string_view cluster, std::string_view object_name);

/// The Services of this cluster whose objects a text names, such as EdgeLB's words about a refusal.
std::set<service_key> owners_named_in(std::string_view cluster, std::string_view text);

/// `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
bool valid_pool_name(std::string_view name);

/// `<prefix><cluster>--<suffix>` with the cluster name made fit and cut so that the pool's DC/OS
/// service name stays within 63 characters. `prefix` is "" or "cloud--"; `suffix` has five
/// characters of [a-z0-9].
std::string generated_pool_name(std::string_view prefix, std::string_view cluster,
                                std::string_view suffix);

/// Five characters of [a-z0-9] from 64 random bits.
std::string name_suffix(std::uint64_t random_bits);

} // namespace dklb::domain
