#include "sandbox/node/routes.hpp"

#include <gtest/gtest.h>

namespace dklb::sandbox {
namespace {

const std::vector<node> nodes{{"n1", {"127.0.1.1"}}, {"n2", {"127.0.1.2"}}};
const std::vector<node> wide_nodes{{"n1", {"127.0.1.1", "::1"}}, {"n2", {"127.0.1.2"}}};

pod ready_pod(const std::string& name, const std::string& address, const std::string& on) {
  pod result;
  result.name_space = "default";
  result.name = name;
  result.address = address;
  result.node = on;
  result.labels = {{"app", "web"}};
  result.containers.push_back({"main", "nginx", {}, false, {{"http", 8080}}});
  return result;
}

service web_service(target_port target) {
  service result;
  result.name_space = "default";
  result.name = "web";
  result.selector = {{"app", "web"}};
  result.has_node_ports = true;
  result.ports.push_back({30080, std::move(target)});
  return result;
}

TEST(Routes, EveryNodeForwardsToEveryReadyPod) {
  const route_table expected{
    {{"127.0.1.1", 30080}, {{"127.0.2.1", 80}, {"127.0.2.2", 80}}},
    {{"127.0.1.2", 30080}, {{"127.0.2.1", 80}, {"127.0.2.2", 80}}},
  };
  EXPECT_EQ(routes_of(nodes, {web_service(80)},
                      {ready_pod("a", "127.0.2.1", "n1"), ready_pod("b", "127.0.2.2", "n2")}),
            expected);
}

TEST(Routes, ANamedTargetIsLookedUpInEachPod) {
  auto renamed = ready_pod("b", "127.0.2.2", "n1");
  renamed.containers[0].ports[0] = {"http", 9090};
  auto without = ready_pod("c", "127.0.2.3", "n1");
  without.containers[0].ports.clear();
  const auto table = routes_of({nodes[0]}, {web_service("http")},
                               {ready_pod("a", "127.0.2.1", "n1"), renamed, without});
  const route_table expected{{{"127.0.1.1", 30080}, {{"127.0.2.1", 8080}, {"127.0.2.2", 9090}}}};
  EXPECT_EQ(table, expected);
}

TEST(Routes, LocalTrafficStaysOnTheNode) {
  auto front = web_service(80);
  front.local_only = true;
  const route_table expected{{{"127.0.1.2", 30080}, {{"127.0.2.1", 80}}}};
  EXPECT_EQ(routes_of(nodes, {front}, {ready_pod("a", "127.0.2.1", "n2")}), expected);
}

TEST(Routes, PodsThatEndAreUsedOnlyWhileThereAreNoOthers) {
  auto ending = ready_pod("a", "127.0.2.1", "n1");
  ending.deleting = true;
  const auto lasting = ready_pod("b", "127.0.2.2", "n2");
  const route_table to_lasting{
    {{"127.0.1.1", 30080}, {{"127.0.2.2", 80}}},
    {{"127.0.1.2", 30080}, {{"127.0.2.2", 80}}},
  };
  EXPECT_EQ(routes_of(nodes, {web_service(80)}, {ending, lasting}), to_lasting);
  auto front = web_service(80);
  front.local_only = true;
  const route_table each_its_own{
    {{"127.0.1.1", 30080}, {{"127.0.2.1", 80}}},
    {{"127.0.1.2", 30080}, {{"127.0.2.2", 80}}},
  };
  EXPECT_EQ(routes_of(nodes, {front}, {ending, lasting}), each_its_own);
}

TEST(Routes, NodePortsAreOfTheServicesFamilies) {
  const auto backend = ready_pod("a", "127.0.2.1", "n1");
  const auto listening = [&](bool ipv4, bool ipv6) {
    auto front = web_service(80);
    front.ipv4 = ipv4;
    front.ipv6 = ipv6;
    std::vector<std::string> hosts;
    for (const auto& [where, targets] : routes_of(wide_nodes, {front}, {backend}))
      hosts.push_back(where.host);
    return hosts;
  };
  EXPECT_EQ(listening(true, false), (std::vector<std::string>{"127.0.1.1", "127.0.1.2"}));
  EXPECT_EQ(listening(false, true), (std::vector<std::string>{"::1"}));
  EXPECT_EQ(listening(true, true), (std::vector<std::string>{"127.0.1.1", "127.0.1.2", "::1"}));
}

TEST(Healths, CountANodesOwnReadyPods) {
  auto front = web_service(80);
  front.local_only = true;
  front.health_check_port = 31000;
  auto ending = ready_pod("b", "127.0.2.2", "n2");
  ending.deleting = true;
  const health_table expected{
    {{"127.0.1.1", 31000}, {"default", "web", 1}},
    {{"::1", 31000}, {"default", "web", 1}},
    {{"127.0.1.2", 31000}, {"default", "web", 0}},
  };
  EXPECT_EQ(healths_of(wide_nodes, {front}, {ready_pod("a", "127.0.2.1", "n1"), ending}), expected);
}

TEST(Healths, AreOfLocalServicesAlone) {
  auto front = web_service(80);
  front.health_check_port = 31000;
  EXPECT_TRUE(healths_of(nodes, {front}, {}).empty());
  front.local_only = true;
  front.health_check_port = 0;
  EXPECT_TRUE(healths_of(nodes, {front}, {}).empty());
}

TEST(Routes, WithoutAPodNothingListens) {
  EXPECT_TRUE(routes_of(nodes, {web_service(80)}, {}).empty());
}

TEST(Routes, OnlyPodsThatTheServiceSelectsInItsNamespace) {
  auto elsewhere = ready_pod("a", "127.0.2.1", "n1");
  elsewhere.name_space = "other";
  auto unlabelled = ready_pod("b", "127.0.2.2", "n1");
  unlabelled.labels.clear();
  EXPECT_TRUE(routes_of(nodes, {web_service(80)}, {elsewhere, unlabelled}).empty());
}

TEST(Routes, NothingWithoutSelectorNodePortOrType) {
  const auto backend = ready_pod("a", "127.0.2.1", "n1");
  auto selectorless = web_service(80);
  selectorless.selector.clear();
  auto portless = web_service(80);
  portless.ports[0].node_port = 0;
  auto internal = web_service(80);
  internal.has_node_ports = false;
  EXPECT_TRUE(routes_of(nodes, {selectorless, portless, internal}, {backend}).empty());
}

} // namespace
} // namespace dklb::sandbox
