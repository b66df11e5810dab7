#pragma once

#include "sandbox/node/model.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace dklb::sandbox {

/// The state of one container of a pod. Times are RFC 3339.
struct container_state {
  bool running = false;
  bool ready = false; ///< running and accepting connections
  int restarts = 0;
  std::string started_at;
  /// Why it does not run: a reason of kubelet (ContainerCreating, ErrImagePull, CrashLoopBackOff).
  std::string waiting_reason;
  std::string waiting_message;

  friend bool operator==(const container_state&, const container_state&) = default;
};

/// True if every container is ready.
bool ready(const std::vector<container_state>& states);

/// The merge patch for the pod's status, as kubelet sends it: phase, addresses, conditions and
/// container statuses. `states` has one item per container of the pod. `pod_started`: when the node
/// accepted the pod; `changed`: when readiness last changed. The patch has the uid, so that it
/// never applies to a recreated pod.
nlohmann::json pod_status_patch(const pod& which, const node& where,
                                const std::vector<container_state>& states,
                                const std::string& pod_started, const std::string& changed);

} // namespace dklb::sandbox
