#include "sandbox/node/pod_status.hpp"

#include <gtest/gtest.h>

namespace dklb::sandbox {
namespace {

using nlohmann::json;

pod redis_pod() {
  pod result;
  result.uid = "u1";
  result.address = "127.0.2.1";
  result.containers.push_back({"redis", "redis:5.0.3", {}, false, {}});
  return result;
}

json status_of(const container_state& state) {
  return pod_status_patch(redis_pod(), {"n1", {"127.0.1.1"}}, {state}, "t0", "t1").at("status");
}

TEST(PodStatus, ARunningPodIsWrittenAsKubeletDoes) {
  container_state state;
  state.running = state.ready = true;
  state.started_at = "t0";
  const json patch = pod_status_patch(redis_pod(), {"n1", {"127.0.1.1"}}, {state}, "t0", "t1");
  EXPECT_EQ(patch, json::parse(R"({
    "metadata": {"uid": "u1"},
    "status": {
      "phase": "Running", "startTime": "t0",
      "hostIP": "127.0.1.1", "hostIPs": [{"ip": "127.0.1.1"}],
      "podIP": "127.0.2.1", "podIPs": [{"ip": "127.0.2.1"}],
      "conditions": [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": "t0"},
        {"type": "Initialized", "status": "True", "lastTransitionTime": "t0"},
        {"type": "ContainersReady", "status": "True", "lastTransitionTime": "t1"},
        {"type": "Ready", "status": "True", "lastTransitionTime": "t1"}],
      "containerStatuses": [{
        "name": "redis", "image": "redis:5.0.3", "imageID": "", "containerID": "process://u1/redis",
        "ready": true, "started": true, "restartCount": 0,
        "state": {"running": {"startedAt": "t0"}}}]}})"));
}

TEST(PodStatus, AnUnknownImageStaysPendingWithItsReason) {
  container_state state;
  state.waiting_reason = "ErrImagePull";
  state.waiting_message = "not known here";
  const json status = status_of(state);
  EXPECT_EQ(status.at("phase"), "Pending");
  EXPECT_EQ(status.at("containerStatuses")[0].at("state"),
            json::parse(R"({"waiting": {"reason": "ErrImagePull", "message": "not known here"}})"));
  EXPECT_EQ(status.at("conditions")[3].at("status"), "False");
}

TEST(PodStatus, APodBetweenTwoRunsIsRunningButNotReady) {
  container_state state;
  state.restarts = 1;
  state.waiting_reason = "CrashLoopBackOff";
  const json status = status_of(state);
  EXPECT_EQ(status.at("phase"), "Running");
  EXPECT_EQ(status.at("containerStatuses")[0].at("restartCount"), 1);
  EXPECT_EQ(status.at("conditions")[2].at("status"), "False");
}

TEST(PodStatus, ReadyMeansEveryContainer) {
  container_state good;
  good.ready = true;
  EXPECT_TRUE(ready({good, good}));
  EXPECT_FALSE(ready({good, {}}));
  EXPECT_FALSE(ready({}));
}

} // namespace
} // namespace dklb::sandbox
