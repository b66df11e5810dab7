#pragma once

#include "sandbox/node/model.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace dklb::sandbox {

/// What a node knows about one container of a pod. Times are RFC 3339.
struct container_state {
  bool running = false;
  bool ready = false; ///< running and accepting connections
  int restarts = 0;
  std::string started_at;
  /// Why it does not run, in kubelet's words (ContainerCreating, ErrImagePull, CrashLoopBackOff).
  std::string waiting_reason;
  std::string waiting_message;

  friend bool operator==(const container_state&, const container_state&) = default;
};

/// Whether every container is ready.
bool ready(const std::vector<container_state>& states);

/// The merge patch for the pod's status subresource that kubelet would send: phase, addresses,
/// conditions and container statuses. `states` goes with the pod's containers; `pod_started` is
/// when the node took the pod, `changed` when readiness last changed. The uid is in it, so that a
/// recreated pod is not hit.
nlohmann::json pod_status_patch(const pod& which, const node& where,
                                const std::vector<container_state>& states,
                                const std::string& pod_started, const std::string& changed);

} // namespace dklb::sandbox
