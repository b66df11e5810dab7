#include "sandbox/node/pod_status.hpp"

#include <algorithm>

namespace dklb::sandbox {
namespace {

using nlohmann::json;

json condition(const char* type, bool holds, const std::string& since) {
  json result{{"type", type}, {"status", holds ? "True" : "False"}, {"lastTransitionTime", since}};
  if (!holds) {
    result["reason"] = "ContainersNotReady";
  }
  return result;
}

json container_status(const pod& owner, const container& what, const container_state& state) {
  json result{{"name", what.name},    {"image", what.image},      {"imageID", ""},
              {"ready", state.ready}, {"started", state.running}, {"restartCount", state.restarts}};
  if (state.running) {
    result["containerID"] = "process://" + owner.uid + "/" + what.name;
    result["state"] = {{"running", {{"startedAt", state.started_at}}}};
  } else {
    result["state"] = {
      {"waiting", {{"reason", state.waiting_reason}, {"message", state.waiting_message}}}};
  }
  return result;
}

} // namespace

bool ready(const std::vector<container_state>& states) {
  return !states.empty() && std::all_of(states.begin(), states.end(), [](const auto& state) {
    return state.ready;
  });
}

json pod_status_patch(const pod& which, const node& where,
                      const std::vector<container_state>& states, const std::string& pod_started,
                      const std::string& changed) {
  const bool started = std::any_of(states.begin(), states.end(), [](const auto& state) {
    return state.running || state.restarts > 0;
  });
  json containers = json::array();
  for (std::size_t index = 0; index < states.size(); ++index) {
    containers.push_back(container_status(which, which.containers.at(index), states.at(index)));
  }
  json status{{"phase", started ? "Running" : "Pending"},
              {"hostIP", where.addresses.front()},
              {"hostIPs", json::array({{{"ip", where.addresses.front()}}})},
              {"startTime", pod_started},
              {"conditions", json::array({condition("PodScheduled", true, pod_started),
                                          condition("Initialized", true, pod_started),
                                          condition("ContainersReady", ready(states), changed),
                                          condition("Ready", ready(states), changed)})},
              {"containerStatuses", std::move(containers)}};
  if (!which.address.empty()) {
    status["podIP"] = which.address;
    status["podIPs"] = json::array({{{"ip", which.address}}});
  }
  return {{"metadata", {{"uid", which.uid}}}, {"status", std::move(status)}};
}

} // namespace dklb::sandbox
