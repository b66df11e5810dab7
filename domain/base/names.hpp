#pragma once

#include "domain/service/service.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace dklb::domain {

/// The owner of a frontend or backend in a pool, from the object's name.
struct object_owner {
  service_key service;
  int port = 0;

  friend bool operator==(const object_owner&, const object_owner&) = default;
};

/// The name of the frontend and of the backend of one port:
/// `<cluster>:<namespace>:<service>:<port>`. A `/` in the cluster name becomes `.`.
std::string object_name(std::string_view cluster, const service_key& service, int port);

/// The owner of an object name. Empty if the object is foreign: the name has another form, or
/// another cluster. Clusters are compared in the dotted form.
std::optional<object_owner> owner_of(std::string_view cluster, std::string_view object_name);

/// The Services of this cluster whose object names are in a text, such as EdgeLB's message about a
/// refusal.
std::set<service_key> owners_named_in(std::string_view cluster, std::string_view text);

/// True for a name of a pool that EdgeLB accepts: `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
bool valid_pool_name(std::string_view name);

/// A generated pool name: `<prefix><cluster>--<suffix>`. Characters of the cluster name that a pool
/// name cannot have are replaced. The cluster name is cut so that the pool's DC/OS service name has
/// at most 63 characters. `prefix` is "" or "cloud--"; `suffix` has five characters of [a-z0-9].
std::string generated_pool_name(std::string_view prefix, std::string_view cluster,
                                std::string_view suffix);

/// Five characters of [a-z0-9] from 64 random bits.
std::string name_suffix(std::uint64_t random_bits);

} // namespace dklb::domain
