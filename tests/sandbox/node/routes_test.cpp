#include "sandbox/node/routes.hpp"

#include <gtest/gtest.h>

namespace dklb::sandbox {
namespace {

const std::vector<node> nodes{{"n1", "127.0.1.1"}, {"n2", "127.0.1.2"}};

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
