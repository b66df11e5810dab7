// backendMode nodes: which nodes a pool has, and what the Services say where it has none.
#include "tests/controller/controller_fixture.hpp"
#include "tests/support/prometheus_text.hpp"

namespace dklb::controller_test {
namespace {

using support::prometheus_text;
using ::testing::HasSubstr;

class ControllerNodes : public Controller {
protected:
  void start_nodes() { start({{"pools", {{"backendMode", "nodes"}}}}); }
  /// The addresses of the servers of the pool `app`.
  std::vector<std::string> targets() const {
    std::vector<std::string> out;
    const auto pool = edgelb_.pool("app");
    for (const auto& entry : (*pool)["haproxy"]["backends"][0]["services"])
      out.push_back(entry["endpoint"]["address"].get<std::string>());
    return out;
  }
  double nodes_that_are(const char* state) const {
    return metrics().value("dklb_nodes", {{"state", state}}).value_or(-1);
  }
  prometheus_text metrics() const { return prometheus_text{dklb_->get("/metrics").body}; }
  void condition_of(const std::string& node, const char* ready) {
    kube_.patch_node(
      node, {{"status", {{"conditions", json::array({{{"type", "Ready"}, {"status", ready}}})}}}});
  }
  void label(const std::string& node) {
    kube_.patch_node(
      node, {{"metadata",
              {{"labels", {{"node.kubernetes.io/exclude-from-external-load-balancers", ""}}}}}});
  }
};

using texts = std::vector<std::string>;

TEST_F(ControllerNodes, LeaveByTheirLabelAndNotByTheirCondition) {
  kube_.create_node("n1", "10.2.0.1");
  kube_.create_node("n2", "10.2.0.2");
  create("web", "app");
  start_nodes();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  condition_of("n1", "Unknown");
  label("n2");
  ASSERT_TRUE(eventually([&] { return nodes_that_are("excluded") == 1; }));
  EXPECT_TRUE(eventually([&] { return targets() == texts{"10.2.0.1"}; })) << "one write";
  // The last one stays, and a new one waits until it is Ready.
  label("n1");
  kube_.create_node("n3", "10.2.0.3", false);
  ASSERT_TRUE(eventually([&] { return nodes_that_are("never_ready") == 1; }));
  wait_quiet();
  EXPECT_EQ(targets(), texts{"10.2.0.1"});
  EXPECT_EQ(reason("web"), "EnsuredLoadBalancer");
  // A restart over a settled state writes nothing.
  stop();
  clear_logs();
  start_nodes();
  ASSERT_TRUE(eventually([&] { return nodes_that_are("never_ready") == 2; })) << "n1 and n3";
  wait_quiet();
  EXPECT_EQ(writes(), 0U);
  condition_of("n3", "True");
  EXPECT_TRUE(eventually([&] { return targets() == texts{"10.2.0.3"}; }));
}

TEST_F(ControllerNodes, AreMissedInTheConditionAndCounted) {
  kube_.create_node("n1", "10.2.0.1", false);
  create("web", "app");
  start_nodes();
  ASSERT_TRUE(eventually([&] { return reason("web") == "NoNodes"; }));
  EXPECT_EQ(condition("web")["status"], "False");
  EXPECT_THAT(message("web"), HasSubstr("the cluster has 1 node; not Ready yet: n1"));
  EXPECT_EQ(metrics().value("dklb_services_without_nodes"), 1);
  condition_of("n1", "True");
  ASSERT_TRUE(eventually([&] { return reason("web") == "EnsuredLoadBalancer"; }));
  EXPECT_EQ(condition("web")["status"], "True");
  EXPECT_EQ(targets(), texts{"10.2.0.1"});
  EXPECT_TRUE(eventually([&] { return metrics().value("dklb_services_without_nodes") == 0; }));
  kube_.delete_node("n1");
  ASSERT_TRUE(eventually([&] { return reason("web") == "NoNodes"; }));
  EXPECT_TRUE(served("web")) << "its address stays";
  EXPECT_EQ(targets(), texts{"10.2.0.1"}) << "and so does the server written last";
}

TEST_F(ControllerNodes, ServeTheFamiliesOfTheService) {
  kube_.create_node("n1", "10.2.0.1");
  kube_.patch_node(
    "n1", {{"status",
            {{"addresses", json::array({{{"type", "InternalIP"}, {"address", "2001:db8::1"}},
                                        {{"type", "InternalIP"}, {"address", "10.2.0.1"}}})}}}});
  create("web", "app");
  patch("web", {{"spec", {{"ipFamilies", {"IPv4"}}}}});
  start_nodes();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_EQ(targets(), texts{"10.2.0.1"}) << "although its IPv6 address comes first";
  patch("web", {{"spec", {{"ipFamilies", {"IPv4", "IPv6"}}}}});
  EXPECT_TRUE(eventually([&] { return targets() == texts{"10.2.0.1", "2001:db8::1"}; }));
  const auto frontend = (*edgelb_.pool("app"))["haproxy"]["frontends"][0];
  EXPECT_EQ(frontend["bindAddress"], "::");
  EXPECT_EQ(frontend["bindModifier"], "v4v6");
}

} // namespace
} // namespace dklb::controller_test
