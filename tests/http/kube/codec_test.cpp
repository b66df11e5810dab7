// Services and Nodes as the API server sends them, trimmed to what is used.
#include "http/kube/codec.hpp"

#include "tests/http/kube/json_views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using domain::error_code;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

domain::result<domain::service> decode_service(const json& object) {
  return http::kube::decode_service(view_of(object));
}

domain::result<domain::node> decode_node(const json& object) {
  return http::kube::decode_node(view_of(object));
}

json full_service() {
  return json::parse(R"({
    "metadata": {
      "namespace": "shop", "name": "web", "uid": "u1", "resourceVersion": "42", "generation": 3,
      "creationTimestamp": "2024-05-01T10:00:00Z", "deletionTimestamp": "2024-05-02T10:00:00Z",
      "finalizers": ["a", "kubernetes.dcos.io/dklb"], "managedFields": [{"odd": true}],
      "annotations": {"kubernetes.dcos.io/dklb-config": "size: 2\n",
                      "kubernetes.dcos.io/dklb-pool": "web-pool",
                      "kubernetes.dcos.io/dklb-paused": "true", "other": "x"}},
    "spec": {
      "type": "LoadBalancer", "loadBalancerClass": "kubernetes.dcos.io/edgelb",
      "ports": [{"name": "http", "port": 80, "nodePort": 30080, "targetPort": "web"},
                {"name": "dns", "protocol": "UDP", "port": 53}]},
    "status": {
      "loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}, {"hostname": "lb.example"}]},
      "conditions": [7, {"type": 5}, {"type": "Foreign", "status": "True", "message": 1},
                     {"type": "kubernetes.dcos.io/Provisioned", "status": "False",
                      "reason": "PortConflict", "message": "taken", "observedGeneration": 3,
                      "lastTransitionTime": "2024-05-01T10:00:01Z"}]}})");
}

TEST(ServiceCodec, WhatIsUsedIsKept) {
  const auto service = decode_service(full_service());
  ASSERT_TRUE(service);
  EXPECT_EQ(service->key.name_space, "shop");
  EXPECT_EQ(service->key.name, "web");
  EXPECT_EQ(service->uid, "u1");
  EXPECT_EQ(service->resource_version, "42");
  EXPECT_EQ(service->generation, 3);
  EXPECT_EQ(service->creation_timestamp, "2024-05-01T10:00:00Z");
  EXPECT_TRUE(service->deleting);
  EXPECT_TRUE(service->paused);
  EXPECT_EQ(service->type, "LoadBalancer");
  EXPECT_EQ(service->load_balancer_class, "kubernetes.dcos.io/edgelb");
  EXPECT_EQ(service->config_annotation, "size: 2\n");
  EXPECT_EQ(service->pool_annotation, "web-pool");
  EXPECT_THAT(service->finalizers, ElementsAre("a", "kubernetes.dcos.io/dklb"));
  EXPECT_THAT(service->ports, ElementsAre(domain::service_port{"http", "TCP", 80, 30080},
                                          domain::service_port{"dns", "UDP", 53, 0}));
  EXPECT_THAT(service->addresses,
              ElementsAre(domain::ingress{"192.0.2.1", ""}, domain::ingress{"", "lb.example"}));
  EXPECT_EQ(service->own_condition,
            (domain::condition{"False", "PortConflict", "taken", 3, "2024-05-01T10:00:01Z"}));
}

TEST(ServiceCodec, TheLeastThereIsIsEnough) {
  const auto service = decode_service(
    {{"metadata", {{"namespace", "a"}, {"name", "b"}, {"uid", "c"}, {"annotations", nullptr}}},
     {"spec", {{"ports", nullptr}}}});
  ASSERT_TRUE(service);
  EXPECT_EQ(service->type, "ClusterIP");
  EXPECT_FALSE(service->deleting);
  EXPECT_FALSE(service->paused);
  EXPECT_EQ(service->load_balancer_class, std::nullopt);
  EXPECT_EQ(service->config_annotation, std::nullopt);
  EXPECT_EQ(service->pool_annotation, "");
  EXPECT_EQ(service->own_condition, std::nullopt);
}

TEST(ServiceCodec, AnEmptyAnnotationIsNotAnAbsentOne) {
  auto object = full_service();
  object["metadata"]["annotations"]["kubernetes.dcos.io/dklb-config"] = "";
  EXPECT_EQ(decode_service(object)->config_annotation, "");
}

json with_spec(const json& spec) {
  auto object = full_service();
  object["spec"].update(spec);
  return object;
}

TEST(ServiceCodec, WhatAServiceSaysAboutItsTraffic) {
  const auto service =
    decode_service(with_spec({{"loadBalancerSourceRanges", {" 10.0.0.0/8", "fd00::/8 ", "any"}},
                              {"sessionAffinity", "ClientIP"},
                              {"externalTrafficPolicy", "Local"},
                              {"healthCheckNodePort", 32000},
                              {"ipFamilies", {"IPv6", "IPv4"}},
                              {"loadBalancerIP", " 192.0.2.7"}}));
  ASSERT_TRUE(service);
  EXPECT_EQ(service->families, domain::ip_families::ipv6_ipv4);
  const domain::service_traffic expected{
    {"10.0.0.0/8", "fd00::/8", "any"}, "192.0.2.7", 32000, true, true, false};
  EXPECT_EQ(service->traffic, expected);
}

TEST(ServiceCodec, TheUsualTrafficTakesNoRoom) {
  const auto service = decode_service(with_spec({{"sessionAffinity", "None"},
                                                 {"externalTrafficPolicy", "Cluster"},
                                                 {"internalTrafficPolicy", "Cluster"},
                                                 {"ipFamilyPolicy", "SingleStack"},
                                                 {"ipFamilies", {"IPv4"}}}));
  ASSERT_TRUE(service);
  EXPECT_EQ(service->traffic, domain::service_traffic{});
  EXPECT_EQ(service->traffic.health_check_node_port, 0);
  EXPECT_EQ(service->families, domain::ip_families::ipv4);
}

TEST(ServiceCodec, FamiliesAreOneValue) {
  using domain::ip_families;
  EXPECT_EQ(decode_service(full_service())->families, ip_families::unknown);
  EXPECT_EQ(decode_service(with_spec({{"ipFamilies", {"IPv6"}}}))->families, ip_families::ipv6);
  EXPECT_EQ(decode_service(with_spec({{"ipFamilies", {"IPv4", "IPv6"}}}))->families,
            ip_families::ipv4_ipv6);
  EXPECT_EQ(decode_service(with_spec({{"ipFamilies", {"IPv9", "IPv6"}}}))->families,
            ip_families::ipv6);
}

TEST(ServiceCodec, TheOldAnnotationCountsWhereTheFieldIsEmpty) {
  auto object = full_service();
  auto& annotation =
    object["metadata"]["annotations"]["service.beta.kubernetes.io/load-balancer-source-ranges"];
  annotation = " 10.0.0.0/8 ,\tfd00::/8,";
  const auto service = decode_service(object);
  EXPECT_THAT(service->traffic.source_ranges, ElementsAre("10.0.0.0/8", "fd00::/8", ""));
  EXPECT_TRUE(service->traffic.ranges_from_annotation);
  object["spec"]["loadBalancerSourceRanges"] = {"192.0.2.0/24"};
  EXPECT_THAT(decode_service(object)->traffic.source_ranges, ElementsAre("192.0.2.0/24"));
  EXPECT_FALSE(decode_service(object)->traffic.ranges_from_annotation);
  object["spec"]["loadBalancerSourceRanges"] = json::array();
  annotation = " \n";
  EXPECT_EQ(decode_service(object)->traffic, domain::service_traffic{});
}

TEST(ServiceCodec, TextOrderOfCreationIsAgeOrderWhateverTheZone) {
  auto object = full_service();
  object["metadata"]["creationTimestamp"] = "2024-05-01T12:00:00+02:00";
  EXPECT_EQ(decode_service(object)->creation_timestamp, "2024-05-01T10:00:00Z");
}

TEST(ServiceCodec, AFieldOfTheWrongTypeIsNamed) {
  struct expected {
    const char* pointer;
    json value;
    const char* named;
  };
  const expected table[] = {
    {"/metadata", 1, "metadata is no object"},
    {"/metadata/name", "", "metadata.name is missing"},
    {"/metadata/uid", nullptr, "metadata.uid is missing"},
    {"/metadata/namespace", 5, "metadata.namespace is no string"},
    {"/metadata/generation", "3", "metadata.generation is no integer"},
    {"/metadata/creationTimestamp", "today", "metadata.creationTimestamp is no RFC 3339 time"},
    {"/metadata/finalizers", "a", "metadata.finalizers is no array"},
    {"/metadata/finalizers/0", 1, "metadata.finalizers holds something that is no string"},
    {"/metadata/annotations", "a", "metadata.annotations is no object"},
    {"/metadata/annotations/kubernetes.dcos.io~1dklb-config", 1,
     "metadata.annotations.kubernetes.dcos.io/dklb-config is no string"},
    {"/spec", "a", "spec is no object"},
    {"/spec/type", 1, "spec.type is no string"},
    {"/spec/loadBalancerClass", 1, "spec.loadBalancerClass is no string"},
    {"/spec/ports", 1, "spec.ports is no array"},
    {"/spec/ports/1", "a", "spec.ports[1] is no object"},
    {"/spec/ports/1/port", "53", "spec.ports[1].port is no integer"},
    {"/spec/loadBalancerSourceRanges", "10.0.0.0/8", "spec.loadBalancerSourceRanges is no array"},
    {"/spec/ipFamilies", {4}, "spec.ipFamilies holds something that is no string"},
    {"/spec/healthCheckNodePort", "1", "spec.healthCheckNodePort is no integer"},
    {"/spec/ports/0/nodePort", 5000000000, "spec.ports[0].nodePort is out of range"},
    {"/status/loadBalancer", 1, "status.loadBalancer is no object"},
    {"/status/loadBalancer/ingress/0/ip", 1, "status.loadBalancer.ingress[0].ip is no string"},
    {"/status/conditions", "a", "status.conditions is no array"},
    {"/status/conditions/3/message", 1, "status.conditions.message is no string"},
  };
  for (const auto& [pointer, value, named] : table) {
    auto object = full_service();
    object[json::json_pointer(pointer)] = value;
    const auto service = decode_service(object);
    ASSERT_FALSE(service) << pointer;
    EXPECT_EQ(service.failure().code, error_code::malformed);
    EXPECT_THAT(service.failure().message, HasSubstr(named));
  }
}

TEST(ServiceCodec, ItsErrorsSayWhichService) {
  auto object = full_service();
  object["spec"]["type"] = 1;
  EXPECT_THAT(decode_service(object).failure().message, HasSubstr("Service shop/web: "));
  EXPECT_FALSE(decode_service(json::array()));
  EXPECT_FALSE(decode_service(nullptr));
}

TEST(ServiceCodec, WhatAnObjectLacksIsTakenFromWhatIsKnownOfIt) {
  auto object = full_service();
  object["metadata"].erase("uid");
  object["metadata"]["name"] = "";
  const auto service = http::kube::decode_service(view_of(object), {"other", "known", "u2"});
  ASSERT_TRUE(service);
  EXPECT_EQ(service->key, (domain::service_key{"shop", "known"}));
  EXPECT_EQ(service->uid, "u2");
}

TEST(NodeCodec, TheFirstInternalAddressOfEachFamilyAndReadinessAreKept) {
  const auto node = decode_node(json::parse(R"({
    "metadata": {"name": "n1", "deletionTimestamp": "2024-05-02T10:00:00Z"},
    "spec": {"unschedulable": true},
    "status": {"addresses": [{"type": "Hostname", "address": "n1.example"},
                             {"type": "InternalIP", "address": "192.0.2.7"},
                             {"type": "InternalIP", "address": "2001:db8::7"},
                             {"type": "InternalIP", "address": "192.0.2.8"},
                             {"type": "InternalIP", "address": "2001:db8::8"}],
               "conditions": [{"type": "MemoryPressure", "status": "False"},
                              {"type": "Ready", "status": "True"}]}})"));
  ASSERT_TRUE(node);
  const domain::node expected{
    .name = "n1", .ipv4 = "192.0.2.7", .ipv6 = "2001:db8::7", .ready = true};
  EXPECT_EQ(*node, expected);
}

TEST(NodeCodec, ANodeOfUnknownReadinessIsNotReady) {
  for (const char* status : {"False", "Unknown"}) {
    const auto node = decode_node(
      {{"metadata", {{"name", "n1"}}},
       {"status", {{"conditions", json::array({{{"type", "Ready"}, {"status", status}}})}}}});
    ASSERT_TRUE(node);
    EXPECT_FALSE(node->ready);
  }
  EXPECT_EQ(*decode_node({{"metadata", {{"name", "n1"}}}}), (domain::node{.name = "n1"}));
}

TEST(NodeCodec, ItIsKnownWhichFamilyComesFirst) {
  const auto node = decode_node(json::parse(R"({
    "metadata": {"name": "n1"},
    "status": {"addresses": [{"type": "ExternalIP", "address": "203.0.113.7"},
                             {"type": "InternalIP", "address": "not an address"},
                             {"type": "InternalIP", "address": "2001:db8::7"},
                             {"type": "InternalIP", "address": "192.0.2.7"}]}})"));
  ASSERT_TRUE(node);
  const domain::node expected{
    .name = "n1", .ipv4 = "192.0.2.7", .ipv6 = "2001:db8::7", .ipv6_first = true};
  EXPECT_EQ(*node, expected);
}

TEST(NodeCodec, TheLabelCountsWhateverItsValueAndTheTaintWhateverItsEffect) {
  for (const char* value : {"", "true", "false"}) {
    const auto node = decode_node(
      {{"metadata", {{"name", "n1"}, {"labels", {{domain::exclude_label_name, value}}}}}});
    ASSERT_TRUE(node);
    EXPECT_TRUE(node->excluded) << value;
    EXPECT_FALSE(node->to_be_deleted);
  }
  const auto node = decode_node(json::parse(R"({
    "metadata": {"name": "n1", "labels": {"node.kubernetes.io/exclude": ""}},
    "spec": {"taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
                        {"key": "ToBeDeletedByClusterAutoscaler", "value": "1714557600",
                         "effect": "PreferNoSchedule"}]}})"));
  ASSERT_TRUE(node);
  EXPECT_FALSE(node->excluded);
  EXPECT_TRUE(node->to_be_deleted);
}

TEST(ServiceCodec, TheModeOfTheAddressesIsKept) {
  using domain::ip_mode;
  const std::pair<const char*, ip_mode> cases[]{
    {R"([])", ip_mode::unknown},
    {R"([{"ip": "192.0.2.1"}])", ip_mode::unknown},
    {R"([{"hostname": "a.example"}, {"ip": "192.0.2.1", "ipMode": "VIP"}])", ip_mode::vip},
    {R"([{"ip": "192.0.2.1", "ipMode": "Proxy"}, {"hostname": "a.example"}])", ip_mode::proxy},
    {R"([{"ip": "192.0.2.1", "ipMode": "Proxy"}, {"ip": "192.0.2.2", "ipMode": "VIP"}])",
     ip_mode::mixed},
    {R"([{"ip": "192.0.2.1", "ipMode": "Proxy"}, {"ip": "192.0.2.2"}])", ip_mode::mixed},
    {R"([{"ip": "192.0.2.1", "ipMode": "Later"}])", ip_mode::unknown},
  };
  for (const auto& [list, mode] : cases) {
    const auto service =
      decode_service({{"metadata", {{"namespace", "shop"}, {"name", "web"}, {"uid", "u"}}},
                      {"status", {{"loadBalancer", {{"ingress", json::parse(list)}}}}}});
    ASSERT_TRUE(service) << list;
    EXPECT_EQ(service->address_mode, mode) << list;
  }
}

TEST(NodeCodec, AFieldOfTheWrongTypeIsNamed) {
  const auto node =
    decode_node({{"metadata", {{"name", "n1"}}}, {"status", {{"addresses", {{"a", 1}}}}}});
  ASSERT_FALSE(node);
  EXPECT_EQ(node.failure().message, "Node n1: status.addresses is no array");
}

} // namespace
} // namespace dklb::tests
