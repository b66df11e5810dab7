#include "sandbox/node/model.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace dklb::sandbox {
namespace {

using nlohmann::json;

TEST(NodeModel, ReadsTheGuidesPod) {
  const auto decoded = decode_pod(json::parse(R"({
    "metadata": {"namespace": "default", "name": "redis", "uid": "u1", "labels": {"app": "redis"}},
    "spec": {"nodeName": "n1", "containers": [{"name": "redis", "image": "redis:5.0.3",
      "args": ["--maxmemory", "1mb"],
      "ports": [{"name": "redis", "containerPort": 6379, "protocol": "TCP"},
                {"containerPort": 53, "protocol": "UDP"}]}]},
    "status": {"podIP": "127.0.2.1"}})"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->key(), "default/redis");
  EXPECT_EQ(decoded->uid, "u1");
  EXPECT_EQ(decoded->node, "n1");
  EXPECT_EQ(decoded->address, "127.0.2.1");
  EXPECT_EQ(decoded->labels.at("app"), "redis");
  EXPECT_FALSE(decoded->deleting);
  ASSERT_EQ(decoded->containers.size(), 1U);
  EXPECT_EQ(decoded->containers[0].arguments.size(), 2U);
  ASSERT_EQ(decoded->containers[0].ports.size(), 1U) << "UDP is left out";
  EXPECT_EQ(decoded->containers[0].ports[0].number, 6379);
}

TEST(NodeModel, SeesADeletion) {
  const auto decoded = decode_pod(json::parse(
    R"({"metadata": {"namespace": "a", "name": "b", "deletionTimestamp": "2020-01-01T00:00:00Z"}})"));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->deleting);
  EXPECT_EQ(decoded->node, "");
  EXPECT_EQ(decoded->grace, 2);
  const auto patient = decode_pod(json::parse(
    R"({"metadata": {"namespace": "a", "name": "b", "deletionTimestamp": "2020-01-01T00:00:00Z",
                     "deletionGracePeriodSeconds": 30}})"));
  EXPECT_EQ(patient->grace, 30);
}

TEST(NodeModel, ReadsTheTargetsOfAService) {
  const auto decoded = decode_service(json::parse(R"({
    "metadata": {"namespace": "default", "name": "web"},
    "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "externalTrafficPolicy": "Local",
      "ports": [{"port": 80, "targetPort": "http", "nodePort": 30080},
                {"port": 81, "targetPort": 8081},
                {"port": 82},
                {"port": 53, "protocol": "UDP", "nodePort": 30053}]}})"));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->has_node_ports);
  EXPECT_TRUE(decoded->local_only);
  ASSERT_EQ(decoded->ports.size(), 3U);
  EXPECT_EQ(decoded->ports[0].node_port, 30080);
  EXPECT_EQ(std::get<std::string>(decoded->ports[0].target), "http");
  EXPECT_EQ(decoded->ports[1].node_port, 0);
  EXPECT_EQ(std::get<int>(decoded->ports[1].target), 8081);
  EXPECT_EQ(std::get<int>(decoded->ports[2].target), 82) << "the service port where none is named";
}

TEST(NodeModel, ReadsFamiliesAndTheHealthCheckPort) {
  const auto service_of = [](json spec) {
    return decode_service({{"metadata", {{"namespace", "a"}, {"name", "b"}}}, {"spec", spec}})
      .value();
  };
  const auto plain = service_of(json::object());
  EXPECT_TRUE(plain.ipv4);
  EXPECT_FALSE(plain.ipv6);
  EXPECT_EQ(plain.health_check_port, 0);
  const auto wide = service_of({{"ipFamilies", {"IPv6"}}, {"healthCheckNodePort", 31000}});
  EXPECT_FALSE(wide.ipv4);
  EXPECT_TRUE(wide.ipv6);
  EXPECT_EQ(wide.health_check_port, 31000);
  const auto dual = service_of({{"ipFamilies", {"IPv6", "IPv4"}}});
  EXPECT_TRUE(dual.ipv4 && dual.ipv6);
}

TEST(NodeModel, OnlyNodePortAndLoadBalancerHaveNodePorts) {
  for (const auto& [type, expected] : {std::pair{"ClusterIP", false},
                                       {"NodePort", true},
                                       {"LoadBalancer", true},
                                       {"ExternalName", false}}) {
    const auto decoded = decode_service(
      {{"metadata", {{"namespace", "a"}, {"name", "b"}}}, {"spec", {{"type", type}}}});
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->has_node_ports, expected) << type;
  }
}

TEST(NodeModel, AMalformedObjectIsAnErrorNotACrash) {
  for (const char* text :
       {R"({})", R"({"metadata": {"namespace": "a", "name": 7}})",
        R"({"metadata": {"namespace": "a", "name": "b"}, "spec": {"containers": [{}]}})"}) {
    const auto decoded = decode_pod(json::parse(text));
    ASSERT_FALSE(decoded) << text;
    EXPECT_EQ(decoded.failure().code, domain::error_code::malformed);
  }
}

TEST(NodeModel, ASelectorNeedsEveryLabel) {
  const label_map labels{{"app", "redis"}, {"tier", "db"}};
  EXPECT_TRUE(selects({}, labels));
  EXPECT_TRUE(selects({{"app", "redis"}}, labels));
  EXPECT_FALSE(selects({{"app", "redis"}, {"tier", "web"}}, labels));
  EXPECT_FALSE(selects({{"absent", ""}}, labels));
}

} // namespace
} // namespace dklb::sandbox
