#pragma once

#include "domain/service/service.hpp"
#include "domain/service/service_plan.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {

/// The operation on the object. Delete and connect are `other`.
enum class admission_operation : std::uint8_t { create, update, other };

/// The part of an AdmissionReview request that dklb uses. `dryRun` is not needed, because an answer
/// has no side effect.
struct admission_request {
  admission_operation operation = admission_operation::other;
  /// The Service as it would be stored. Absent if the object is of another kind, or if the request
  /// writes a subresource only.
  std::optional<service> object;
  /// The stored Service, with `update`.
  std::optional<service> old_object;
  /// True if the object has `metadata.annotations`. A JSON patch cannot add to a missing object.
  bool has_annotations = false;
  /// The value of `spec.allocateLoadBalancerNodePorts`. If it is false, a port without nodePort
  /// gets none.
  bool allocates_node_ports = true;
};

/// The answer to one request.
struct admission_verdict {
  bool allowed = true;
  /// If denied: the HTTP status (4xx), its StatusReason, and a message with the cause and the next
  /// step. The message is the same as the controller's.
  int code = 0;
  std::string reason;
  std::string message;
  /// Warnings to the user about an accepted object.
  std::vector<std::string> warnings;
  /// RFC 6902 operations. Null if nothing is to be changed.
  nlohmann::json patch;
};

/// The source of generated pool names, as in service_plan_input.
struct name_source {
  std::function<std::string()> suffix;
  std::function<bool(const std::string&)> pool_exists;
};

/// Makes the changes that the controller would make. An absent or empty configuration annotation
/// gets the defaults. Beside a user's own text, the annotation `kubernetes.dcos.io/dklb-pool` gets
/// the pool's name, also if an update has removed it. A new Service that is not paused gets the
/// finalizer, so that the controller need not patch it. Never denies. A second call on the changed
/// object changes nothing. Decisions that need the controller's knowledge are left to it: the last
/// accepted object after a refused one, and the owners of the objects in a pool.
/// Source: docs/guide.md, "Refused at once".
admission_verdict mutate_service(const service_settings& settings, const admission_request& request,
                                 const name_source& names);

/// Denies a Service that plan_service would refuse, forbidden changes included. A refused Service
/// that names dklb neither by its class nor by an annotation passes with a warning. An update
/// passes if it changes nothing that dklb uses. So a Service that was stored while the webhook was
/// away can still be labelled, finalized and deleted. Source: docs/guide.md, "Refused at once".
admission_verdict validate_service(const service_settings& settings,
                                   const admission_request& request);

} // namespace dklb::domain
