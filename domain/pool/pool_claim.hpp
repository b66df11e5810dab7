#pragma once

#include "domain/service/configuration_object.hpp"
#include "domain/service/service.hpp"
#include "domain/service/source_ranges.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {

/// One port of a Service as it wants to appear in a pool.
struct claimed_port {
  int service_port = 0;
  int node_port = 0;
  int bind_port = 0; ///< 0: the server picks one (cloud-provider pools)

  friend bool operator==(const claimed_port&, const claimed_port&) = default;
};

/// What the fields of a Service ask for beside its ports. Most Services ask for nothing.
struct claimed_fields {
  source_ranges ranges;
  /// `spec.sessionAffinity: ClientIP`.
  bool client_affinity = false;
  /// With `spec.externalTrafficPolicy: Local` the port at which each node says whether it has a
  /// pod of the Service; else 0.
  int local_check_port = 0;

  friend bool operator==(const claimed_fields&, const claimed_fields&) = default;
};

/// What one Service wants of one pool. Immutable; shared between the service and the pool actor.
/// The wishes are as the annotation has them: see network_of() for the network, and `ports` for
/// what comes of the frontends.
struct pool_claim : pool_wishes {
  service_key service;
  std::string uid;
  std::string creation_timestamp;
  std::string pool;
  /// JSON text; not empty makes the pool a cloud-provider pool.
  std::string cloud_provider;
  /// The Service's status already shows an address (for `Once`).
  bool had_address = false;
  /// The Service is paused: the pool keeps what it has of it, and writes nothing for it.
  bool paused = false;
  ip_families families = ip_families::unknown;
  claimed_fields fields;
  /// The one address that its frontends bind, in its usual form: from the annotation or the spec.
  /// Empty: every address of its families.
  std::string bind_address;
  std::vector<claimed_port> ports;

  friend bool operator==(const pool_claim&, const pool_claim&) = default;
};

/// True where the claim asks for a pool behind a cloud provider's load balancer.
bool is_cloud(const pool_claim& claim);

/// The network that is asked for: a cloud-provider pool is always on the host's, whatever `network`
/// says.
std::optional<std::string> network_of(const pool_claim& claim);

/// The configuration object that the claim was made of. It is not kept beside the claim, because
/// there may be ten thousand of them.
configuration_object configuration_of(const pool_claim& claim);

/// What the claim asks for beside its ports, for the page of the Service: `sourceRanges`,
/// `sessionAffinity`, `localCheckPort` and, as text, the `keys` of the annotation. What is not
/// asked for is left out.
nlohmann::json traffic_to_json(const pool_claim& claim);

/// The creation strategy of a Service that gives `pool` up: from the claims that are known of it
/// and from its annotation. Never where any of them says so of this pool. Where none is about this
/// pool, a Never about another one counts, because a pool that is deleted by mistake cannot be
/// brought back. Absent where none of them tells.
std::optional<creation_strategy> strategy_on_leaving(const std::string& pool,
                                                     const std::vector<const pool_claim*>& claims,
                                                     const std::optional<std::string>& annotation);

/// True where both are of the same Service, and not of one that was created anew under its name.
bool same_service(const pool_claim& left, const pool_claim& right);

/// Orders claims by precedence: the older Service first, then by namespace and name.
bool precedes(const pool_claim& left, const pool_claim& right);

} // namespace dklb::domain
