#pragma once

#include "domain/service/service.hpp"
#include "domain/service/service_plan.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {

enum class admission_operation : std::uint8_t { create, update, other };

/// What the API server asks about one object, as far as dklb looks at it. Nothing here depends on
/// `dryRun`: an answer has no side effect.
struct admission_request {
  admission_operation operation = admission_operation::other;
  /// The Service as it would be stored; absent where the object is of another kind, or where only a
  /// subresource is written.
  std::optional<service> object;
  /// The Service as it is stored, with `update`.
  std::optional<service> old_object;
  /// Whether the object has `metadata.annotations`: a JSON patch cannot add to what is not there.
  bool has_annotations = false;
  /// False where `spec.allocateLoadBalancerNodePorts` is: a port without nodePort will get none.
  bool allocates_node_ports = true;
};

/// The answer to one request.
struct admission_verdict {
  bool allowed = true;
  /// Where denied: the HTTP status (4xx), the StatusReason that goes with it, and the cause with
  /// the next step, in the words that the controller would use.
  int code = 0;
  std::string reason;
  std::string message;
  /// What the user should know although the object is accepted.
  std::vector<std::string> warnings;
  /// RFC 6902 operations, null where nothing is to be changed.
  nlohmann::json patch;
};

/// Where generated pool names come from, as in service_plan_input.
struct name_source {
  std::function<std::string()> suffix;
  std::function<bool(const std::string&)> pool_exists;
};

/// Writes what the controller would: the defaults into an annotation that is absent or empty, and
/// beside the text of a user the pool's name into `kubernetes.dcos.io/dklb-pool`, also where an
/// update took it away. Never denies; a second call on the changed object changes nothing. What
/// only the controller can know (which object was accepted last, after one that was refused; whose
/// objects a pool holds) is left to it.
/// Source: docs/guide.md, "Refused at once".
admission_verdict mutate_service(const service_settings& settings, const admission_request& request,
                                 const name_source& names);

/// Denies what plan_service would refuse, changes of what cannot change included. An update that
/// changes nothing dklb looks at passes, so that a Service that was stored while the webhook was
/// away can still be labelled, finalized and deleted.
admission_verdict validate_service(const service_settings& settings,
                                   const admission_request& request);

} // namespace dklb::domain
