#include "tests/support/kube/kube_imposter.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace dklb::support {
namespace {

using nlohmann::json;

const std::vector<std::pair<std::string, std::string>> merge{
  {"Content-Type", "application/merge-patch+json"}};

class KubeImposter : public ::testing::Test {
protected:
  raw_answer send(const std::string& method, const std::string& target, const json& body = {}) {
    return call(server_.port(), method, target, body.is_null() ? "" : body.dump(), merge);
  }

  kube_imposter server_;
  const std::string path_ = "/api/v1/namespaces/default/services/web";
};

TEST_F(KubeImposter, ServiceGetsWhatTheServerFillsIn) {
  const auto service = server_.create_service(load_balancer("default", "web", {80, 443}));
  EXPECT_FALSE(service["metadata"]["uid"].get<std::string>().empty());
  EXPECT_FALSE(service["metadata"]["creationTimestamp"].get<std::string>().empty());
  EXPECT_FALSE(service["metadata"].contains("generation"));
  EXPECT_EQ(service["spec"]["ports"][0]["targetPort"], 80);
  EXPECT_GE(service["spec"]["ports"][0]["nodePort"].get<int>(), 30000);
  EXPECT_NE(service["spec"]["ports"][0]["nodePort"], service["spec"]["ports"][1]["nodePort"]);
  EXPECT_EQ(service["status"], json::parse(R"({"loadBalancer": {}})"));
}

TEST_F(KubeImposter, NodePortsAreNotAllocatedWhenToldNotTo) {
  auto object = load_balancer("default", "web");
  object["spec"]["allocateLoadBalancerNodePorts"] = false;
  const auto service = server_.create_service(object);
  EXPECT_FALSE(service["spec"]["ports"][0].contains("nodePort"));
}

TEST_F(KubeImposter, NodePortStaysAcrossPatchesAndIsFreedByDeletion) {
  server_.set_node_port_range(31000, 31000);
  const auto before = server_.create_service(load_balancer("default", "web"));
  const auto after =
    server_.patch_service("default", "web", {{"metadata", {{"labels", {{"a", "b"}}}}}});
  EXPECT_EQ(before["spec"]["ports"], after["spec"]["ports"]);
  EXPECT_THROW(server_.create_service(load_balancer("default", "second")), std::runtime_error);
  server_.delete_service("default", "web");
  EXPECT_NO_THROW(server_.create_service(load_balancer("default", "second")));
}

TEST_F(KubeImposter, EachWriteRaisesTheVersionAndANoOpDoesNot) {
  const auto first = server_.create_service(load_balancer("default", "web"));
  const auto second = send("PATCH", path_, {{"metadata", {{"labels", {{"a", "b"}}}}}});
  const auto third = send("PATCH", path_, {{"metadata", {{"labels", {{"a", "b"}}}}}});
  const auto version = [](const json& object) {
    return std::stoull(object["metadata"]["resourceVersion"].get<std::string>());
  };
  EXPECT_GT(version(second.json()), version(first));
  EXPECT_EQ(version(third.json()), version(second.json()));
}

TEST_F(KubeImposter, StaleVersionAndForeignUidAreRefused) {
  server_.create_service(load_balancer("default", "web"));
  EXPECT_EQ(send("PATCH", path_, {{"metadata", {{"resourceVersion", "7"}}}}).status, 409);
  const auto answer =
    send("PATCH", path_ + "/status",
         {{"metadata", {{"uid", "other"}}}, {"status", {{"loadBalancer", json::object()}}}});
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.json()["reason"], "Invalid");
  EXPECT_EQ(answer.json()["kind"], "Status");
}

TEST_F(KubeImposter, StatusAndTheRestAreWrittenApart) {
  server_.create_service(load_balancer("default", "web"));
  const json ingress{{"loadBalancer", {{"ingress", {{{"ip", "10.0.0.1"}}}}}}};
  send("PATCH", path_, {{"status", ingress}});
  EXPECT_FALSE(server_.service("default", "web")["status"]["loadBalancer"].contains("ingress"));
  const auto answer = send("PATCH", path_ + "/status",
                           {{"status", ingress}, {"metadata", {{"labels", {{"a", "b"}}}}}});
  EXPECT_EQ(answer.json()["status"]["loadBalancer"]["ingress"][0]["ipMode"], "VIP");
  EXPECT_FALSE(answer.json()["metadata"].contains("labels"));
}

TEST_F(KubeImposter, AStrategicMergeKeepsTheConditionsOfOthers) {
  server_.create_service(load_balancer("default", "web"));
  const auto condition = [](const char* type) {
    return json{{"type", type},
                {"status", "True"},
                {"reason", "Good"},
                {"message", ""},
                {"lastTransitionTime", "2024-01-01T00:00:00Z"}};
  };
  const auto sent = [&](const char* type) {
    return json{{"status", {{"conditions", json::array({condition(type)})}}}};
  };
  server_.merge_service_status("default", "web", sent("A"));
  EXPECT_EQ(server_.merge_service_status("default", "web", sent("B"))["status"]["conditions"],
            json::array({condition("B"), condition("A")}));
  EXPECT_EQ(server_.patch_service_status("default", "web", sent("C"))["status"]["conditions"],
            json::array({condition("C")}));
}

TEST_F(KubeImposter, HostnamesGetNoIpMode) {
  server_.create_service(load_balancer("default", "web"));
  const auto patched = server_.patch_service_status(
    "default", "web", {{"status", {{"loadBalancer", {{"ingress", {{{"hostname", "a.b"}}}}}}}}});
  EXPECT_FALSE(patched["status"]["loadBalancer"]["ingress"][0].contains("ipMode"));
}

struct bad_status {
  const char* name;
  const char* status;
};

class KubeImposterBadStatus : public KubeImposter,
                              public ::testing::WithParamInterface<bad_status> {};

TEST_P(KubeImposterBadStatus, IsRefused) {
  server_.create_service(load_balancer("default", "web"));
  const auto answer =
    send("PATCH", path_ + "/status", {{"status", json::parse(GetParam().status)}});
  EXPECT_EQ(answer.status, 422) << answer.body;
}

INSTANTIATE_TEST_SUITE_P(
  Rules, KubeImposterBadStatus,
  ::testing::Values(
    bad_status{"address", R"({"loadBalancer": {"ingress": [{"ip": "somewhere"}]}})"},
    bad_status{"empty_entry", R"({"loadBalancer": {"ingress": [{}]}})"},
    bad_status{"reason", R"({"conditions": [{"type": "A", "status": "True", "reason": "has space",
                             "message": "", "lastTransitionTime": "2024-01-01T00:00:00Z"}]})"},
    bad_status{"time", R"({"conditions": [{"type": "A", "status": "True", "reason": "Good",
                           "message": ""}]})"},
    bad_status{"value", R"({"conditions": [{"type": "A", "status": "Maybe", "reason": "Good",
                            "message": "", "lastTransitionTime": "2024-01-01T00:00:00Z"}]})"}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(KubeImposter, ObjectWithFinalizerGoesWhenTheLastOneIsTaken) {
  auto object = load_balancer("default", "web");
  object["metadata"]["finalizers"] = {"a/b"};
  server_.create_service(object);
  EXPECT_EQ(send("DELETE", path_).status, 200);
  EXPECT_TRUE(server_.service("default", "web")["metadata"].contains("deletionTimestamp"));
  EXPECT_EQ(send("PATCH", path_, {{"metadata", {{"finalizers", {"a/b", "c/d"}}}}}).status, 422);
  EXPECT_EQ(send("PATCH", path_, {{"metadata", {{"finalizers", nullptr}}}}).status, 200);
  EXPECT_TRUE(server_.service("default", "web").is_null());
  EXPECT_EQ(send("PATCH", path_, {{"metadata", {{"finalizers", nullptr}}}}).status, 404);
}

TEST_F(KubeImposter, ListComesInPagesOfOneSnapshot) {
  for (int i = 0; i < 5; ++i)
    server_.create_service(load_balancer("default", "web-" + std::to_string(i)));
  std::set<std::string> names;
  std::string token;
  std::string version;
  int pages = 0;
  do {
    const auto page = send("GET", "/api/v1/services?limit=2&continue=" + token).json();
    version = version.empty() ? page["metadata"]["resourceVersion"].get<std::string>() : version;
    EXPECT_EQ(page["metadata"]["resourceVersion"], version);
    for (const auto& item : page["items"]) {
      names.insert(item["metadata"]["name"].get<std::string>());
      EXPECT_FALSE(item.contains("kind"));
    }
    token = page["metadata"].value("continue", "");
    server_.create_service(load_balancer("default", "late-" + std::to_string(++pages)));
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names.size(), 5U);
}

TEST_F(KubeImposter, ContinueTokenExpiresWithCompaction) {
  for (int i = 0; i < 3; ++i)
    server_.create_service(load_balancer("default", "web-" + std::to_string(i)));
  const auto page = send("GET", "/api/v1/services?limit=1").json();
  server_.compact();
  const auto answer = send("GET", "/api/v1/services?limit=1&continue="
                                    + page["metadata"]["continue"].get<std::string>());
  EXPECT_EQ(answer.status, 410);
  EXPECT_EQ(answer.json()["reason"], "Expired");
}

TEST_F(KubeImposter, VersionOfTheFutureIsTooLarge) {
  const auto answer = send("GET", "/api/v1/services?resourceVersion=99999999");
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.json()["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
}

TEST_F(KubeImposter, LeaseIsCreatedOnceAndReplacedAtItsVersion) {
  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  const json lease{{"metadata", {{"name", "dklb"}}}, {"spec", {{"holderIdentity", "a"}}}};
  const auto created = send("POST", leases, lease);
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(send("POST", leases, lease).json()["reason"], "AlreadyExists");
  auto held = created.json();
  held["spec"]["holderIdentity"] = "b";
  EXPECT_EQ(send("PUT", leases + "/dklb", held).status, 200);
  EXPECT_EQ(send("PUT", leases + "/dklb", held).status, 409);
}

TEST_F(KubeImposter, EventsAreCheckedAndTold) {
  const std::string path = "/apis/events.k8s.io/v1/namespaces/default/events";
  json event{{"metadata", {{"name", "web.1"}}},
             {"eventTime", "2024-01-01T00:00:00.000000Z"},
             {"reportingController", "kubernetes.dcos.io/dklb"},
             {"reportingInstance", "host_1"},
             {"action", "Provision"},
             {"reason", "EnsuredLoadBalancer"},
             {"type", "Normal"},
             {"note", "done"},
             {"regarding", {{"kind", "Service"}, {"namespace", "default"}, {"name", "web"}}}};
  EXPECT_EQ(send("POST", path, event).status, 201);
  EXPECT_THAT(server_.event_reasons("default", "web"),
              ::testing::ElementsAre("EnsuredLoadBalancer"));
  event["metadata"]["name"] = "web.2";
  event["note"] = std::string(1025, 'x');
  EXPECT_EQ(send("POST", path, event).status, 422);
  event["note"] = "";
  event["regarding"]["namespace"] = "other";
  EXPECT_EQ(send("POST", path, event).status, 422);
}

TEST_F(KubeImposter, HiddenGroupIsNotThere) {
  server_.hide_group("events.k8s.io/v1");
  EXPECT_EQ(send("GET", "/apis/events.k8s.io/v1").status, 404);
  EXPECT_EQ(send("POST", "/apis/events.k8s.io/v1/namespaces/default/events", {{"a", 1}}).status,
            404);
  EXPECT_EQ(send("GET", "/apis/coordination.k8s.io/v1").status, 200);
}

TEST_F(KubeImposter, CountsByVerbAndResource) {
  server_.create_service(load_balancer("default", "web"));
  send("PATCH", path_ + "/status", {{"status", {{"loadBalancer", json::object()}}}});
  send("GET", path_);
  EXPECT_EQ(server_.count("patch", "services/status"), 1U);
  EXPECT_EQ(server_.count("get", "services", "default/web"), 1U);
  EXPECT_EQ(server_.writes(), 1U);
}

} // namespace
} // namespace dklb::support
