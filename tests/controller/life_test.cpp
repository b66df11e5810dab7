// The life of a Service as both servers see it.
#include "tests/controller/controller_fixture.hpp"

namespace dklb::controller_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST_F(Controller, NewServiceCostsThreeKubernetesWritesAndTwoEdgelbRequests) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  ASSERT_TRUE(eventually([&] { return kube_.count("create", "events") == 1; }));
  wait_quiet();
  EXPECT_EQ(kube_.count("patch", "services"), 1U) << "finalizer and annotation in one";
  EXPECT_EQ(kube_.count("patch", "services/status"), 1U);
  EXPECT_EQ(edgelb_.count("create", "pools"), 1U);
  EXPECT_EQ(edgelb_.count("update", "pools"), 0U);
  EXPECT_EQ(edgelb_.count("get", "pools"), 0U) << "the inventory is known";
  EXPECT_TRUE(eventually([&] { return !event_reasons("web").empty(); }));
  EXPECT_THAT(event_reasons("web"), ElementsAre("EnsuredLoadBalancer"));
  EXPECT_EQ(condition("web")["status"], "True");
  EXPECT_EQ(explained("web")["phase"], "Provisioned");
}

TEST_F(Controller, FinalizerGoesOnBeforeThePoolIsWritten) {
  kube_.inject({.kind = fault_kind::status, .method = "PATCH", .path = "*/services/web"});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return kube_.count("patch", "services") >= 2; }));
  EXPECT_EQ(edgelb_.writes(), 0U);
  kube_.clear_faults();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(service("web")["metadata"]["finalizers"], Contains(finalizer));
}

TEST_F(Controller, ServiceWithoutAnnotationGetsOneNameForEver) {
  kube_.create_service(load_balancer("default", "web"));
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto written = service("web")["metadata"]["annotations"][annotation];
  const auto pools = edgelb_.pool_names();
  ASSERT_EQ(pools.size(), 1U);
  EXPECT_THAT(pools.front(), ::testing::StartsWith("test-cluster--"));
  EXPECT_THAT(written.get<std::string>(), HasSubstr(pools.front()));
  stop();
  start({{"concurrency", {{"resyncPeriod", "100ms"}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") >= 4; }));
  EXPECT_EQ(edgelb_.pool_names(), pools);
  EXPECT_EQ(service("web")["metadata"]["annotations"][annotation], written);
}

TEST_F(Controller, DeletedServiceTakesItsPoolAlong) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  EXPECT_FALSE(has_pool("app"));
  EXPECT_TRUE(eventually([&] {
    const auto reasons = event_reasons("web");
    return std::count(reasons.begin(), reasons.end(), "DeletedLoadBalancer") == 1;
  }));
}

TEST_F(Controller, PoolAlreadyGoneIsNotCreatedAgainByADelete) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  edgelb_.remove_pool("app");
  edgelb_.clear_log();
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  EXPECT_EQ(edgelb_.count("create", "pools"), 0U);
  EXPECT_FALSE(has_pool("app"));
}

struct change_case {
  const char* name;
  json change; ///< of the Service, which has port 80 in pool app
  std::function<bool(const pool_json&)> done;
};

class ControllerFollows : public Controller, public ::testing::WithParamInterface<change_case> {};

TEST_P(ControllerFollows, AChangeOfTheService) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  patch("web", GetParam().change);
  EXPECT_TRUE(eventually([&] {
    const auto pool = edgelb_.pool("app");
    return pool && GetParam().done(*pool);
  }));
}

json config_change(const std::string& text) {
  return {{"metadata", {{"annotations", {{annotation, text}}}}}};
}

INSTANTIATE_TEST_SUITE_P(
  Table, ControllerFollows,
  ::testing::Values(
    change_case{
      "frontend_port", config_change("name: app\nfrontends:\n- port: 8081\n  servicePort: 80\n"),
      [](const pool_json& pool) { return pool["haproxy"]["frontends"][0]["bindPort"] == 8081; }},
    change_case{"cpus", config_change("name: app\ncpus: 0.3\n"),
                [](const pool_json& pool) { return pool["cpus"] == 0.3; }},
    change_case{"memory", config_change("name: app\nmemory: 300\n"),
                [](const pool_json& pool) { return pool["mem"] == 300; }},
    change_case{"size", config_change("name: app\nsize: 3\n"),
                [](const pool_json& pool) { return pool["count"] == 3; }},
    change_case{
      "more_ports",
      {{"spec", {{"ports", {{{"name", "a"}, {"port", 80}}, {{"name", "b"}, {"port", 443}}}}}}},
      [](const pool_json& pool) { return pool["haproxy"]["frontends"].size() == 2; }},
    change_case{"another_port",
                {{"spec", {{"ports", {{{"name", "a"}, {"port", 81}}}}}}},
                [](const pool_json& pool) {
                  const auto& list = pool["haproxy"]["frontends"];
                  return list.size() == 1 && list[0]["bindPort"] == 81;
                }},
    change_case{"node_port",
                {{"spec", {{"ports", {{{"name", "a"}, {"port", 80}, {"nodePort", 32123}}}}}}},
                [](const pool_json& pool) {
                  const auto& backend = pool["haproxy"]["backends"][0];
                  return backend["services"][0]["endpoint"]["port"] == 32123;
                }}),
  [](const auto& entry) { return entry.param.name; });

struct leaving_case {
  const char* name;
  json change;
};

class ControllerLetsGo : public Controller, public ::testing::WithParamInterface<leaving_case> {};

TEST_P(ControllerLetsGo, OfAServiceThatIsNoLongerWanted) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  patch("web", GetParam().change);
  EXPECT_TRUE(eventually([&] { return !has_pool("app"); }));
  EXPECT_TRUE(eventually([&] { return !service("web")["metadata"].contains("finalizers"); }));
  EXPECT_TRUE(eventually([&] { return addresses("web").empty(); }));
  EXPECT_FALSE(gone("web"));
}

INSTANTIATE_TEST_SUITE_P(
  Table, ControllerLetsGo,
  ::testing::Values(leaving_case{"type", {{"spec", {{"type", "ClusterIP"}}}}},
                    leaving_case{"load_balancer_class",
                                 {{"spec", {{"loadBalancerClass", "example.com/other"}}}}}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(Controller, ServiceOfAnotherClassIsNotTouched) {
  auto other = load_balancer("default", "other");
  other["spec"]["loadBalancerClass"] = "example.com/other";
  kube_.create_service(other);
  auto ours = load_balancer("default", "ours");
  ours["spec"]["loadBalancerClass"] = "kubernetes.dcos.io/edgelb";
  kube_.create_service(ours);
  start();
  ASSERT_TRUE(eventually([&] { return served("ours"); }));
  EXPECT_FALSE(service("other")["metadata"].contains("finalizers"));
  EXPECT_EQ(edgelb_.pool_count(), 1U);
}

TEST_F(Controller, UnclassedServiceIsLeftWhereTheSettingSaysSo) {
  kube_.create_service(load_balancer("default", "plain"));
  auto ours = load_balancer("default", "ours");
  ours["spec"]["loadBalancerClass"] = "example.com/mine";
  kube_.create_service(ours);
  start({{"kubernetes", {{"claimUnclassed", false}, {"loadBalancerClass", "example.com/mine"}}}});
  ASSERT_TRUE(eventually([&] { return served("ours"); }));
  EXPECT_FALSE(service("plain")["metadata"].contains("finalizers"));
}

TEST_F(Controller, PausedServiceIsProvisionedWhenThePauseEnds) {
  auto paused = load_balancer("default", "web", {80}, "name: app\n");
  paused["metadata"]["annotations"]["kubernetes.dcos.io/dklb-paused"] = "true";
  kube_.create_service(paused);
  start();
  ASSERT_TRUE(eventually([&] { return reason("web") == "TranslationPaused"; }));
  EXPECT_EQ(edgelb_.writes(), 0U);
  EXPECT_EQ(explained("web")["phase"], "Paused");
  patch("web", {{"metadata", {{"annotations", {{"kubernetes.dcos.io/dklb-paused", nullptr}}}}}});
  EXPECT_TRUE(eventually([&] { return served("web"); }));
}

TEST_F(Controller, RecreatedServiceGetsItsPoolAfterTheOldOneIsCleanedUp) {
  const auto old = create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  // Gone without its finalizer, and back at once under the same name.
  patch("web", {{"metadata", {{"finalizers", nullptr}}}});
  remove("web");
  const auto fresh = create("web", "second");
  ASSERT_NE(old["metadata"]["uid"], fresh["metadata"]["uid"]);
  EXPECT_TRUE(eventually([&] { return served("web") && has_pool("second") && !has_pool("app"); }));
}

TEST_F(Controller, RemovedAnnotationIsPutBackAndSaid) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  annotate("web", "name: app\nsize: 1\n");
  patch("web", {{"metadata", {{"annotations", {{annotation, nullptr}}}}}});
  ASSERT_TRUE(eventually([&] {
    return service("web")["metadata"].value("annotations", json::object()).contains(annotation);
  }));
  EXPECT_TRUE(eventually([&] {
    const auto reasons = event_reasons("web");
    return std::count(reasons.begin(), reasons.end(), "ConfigurationRestored") == 1;
  }));
  EXPECT_EQ(edgelb_.pool_names(), std::vector<std::string>{"app"});
}

TEST_F(Controller, RenamedPoolIsRefusedAndTheOldOneGoesOn) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  annotate("web", "name: renamed\n");
  ASSERT_TRUE(eventually([&] {
    const auto reasons = event_reasons("web");
    return std::count(reasons.begin(), reasons.end(), "TranslationError") == 1;
  }));
  wait_quiet();
  EXPECT_EQ(edgelb_.pool_names(), std::vector<std::string>{"app"});
  EXPECT_TRUE(served("web"));
}

TEST_F(Controller, PoolRenamedWhileDownIsMovedAndNothingLeaks) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  stop();
  annotate("web", "name: renamed\n");
  start();
  EXPECT_TRUE(eventually([&] { return has_pool("renamed") && !has_pool("app"); }));
}

TEST_F(Controller, SharedPoolHoldsThePartsOfAllAndLosesThemOneByOne) {
  create("one", "app", {80});
  create("two", "app", {81});
  start();
  ASSERT_TRUE(eventually([&] { return served("one") && served("two"); }));
  EXPECT_THAT(frontends("app"),
              UnorderedElementsAre(object_name("one", 80), object_name("two", 81)));
  remove("one");
  ASSERT_TRUE(eventually([&] { return gone("one"); }));
  EXPECT_THAT(frontends("app"), ElementsAre(object_name("two", 81)));
  EXPECT_TRUE(served("two"));
}

TEST_F(Controller, PortConflictIsSolvedWhenThePortComesFree) {
  create("one", "app", {80});
  start();
  ASSERT_TRUE(eventually([&] { return served("one"); }));
  create("two", "app", {80});
  ASSERT_TRUE(eventually([&] { return reason("two") == "PortConflict"; }));
  EXPECT_THAT(message("two"), HasSubstr("default/one"));
  EXPECT_TRUE(eventually([&] { return !event_reasons("two").empty(); }));
  EXPECT_THAT(event_reasons("two"), Contains("PortConflict"));
  EXPECT_EQ(explained("two")["phase"], "Refused");
  remove("one");
  EXPECT_TRUE(eventually([&] { return served("two") && reason("two") != "PortConflict"; }));
}

TEST_F(Controller, OldestServiceDecidesTheSettingsOfASharedPool) {
  auto old = load_balancer("default", "old", {80}, "name: app\nsize: 2\n");
  old["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z";
  auto young = load_balancer("default", "young", {81}, "name: app\nsize: 3\n");
  young["metadata"]["creationTimestamp"] = "2021-01-01T00:00:00Z";
  kube_.create_service(young);
  kube_.create_service(old);
  start();
  ASSERT_TRUE(eventually([&] { return served("old"); }));
  ASSERT_TRUE(eventually([&] { return reason("young") == "PoolConflict"; }));
  EXPECT_THAT(message("young"), HasSubstr("size"));
  EXPECT_THAT(message("young"), HasSubstr("default/old"));
  EXPECT_EQ((*edgelb_.pool("app"))["count"], 2);
}

TEST_F(Controller, JoiningServiceLeavesTheSettingsOfAnExistingPool) {
  edgelb_.put_pool(foreign_pool("theirs"));
  create("web", "theirs");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto pool = *edgelb_.pool("theirs");
  EXPECT_EQ(pool["cpus"], 2.5);
  EXPECT_EQ(pool["mem"], 4096);
  EXPECT_EQ(pool["count"], 3);
}

TEST_F(Controller, ForeignConditionsAreKept) {
  create("web", "app");
  const json foreign{{"type", "example.com/Checked"},
                     {"status", "True"},
                     {"reason", "Fine"},
                     {"message", "theirs"},
                     {"lastTransitionTime", "2024-01-01T00:00:00Z"}};
  kube_.patch_service_status("default", "web",
                             {{"status", {{"conditions", json::array({foreign})}}}});
  start();
  ASSERT_TRUE(eventually([&] { return reason("web") == "EnsuredLoadBalancer"; }));
  EXPECT_THAT(service("web")["status"]["conditions"], Contains(foreign));
}

TEST_F(Controller, AddressesFollowTheInstances) {
  create("web", "app");
  edgelb_.set_instances("app", {{"10.1.1.1", "198.51.100.1"}});
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(addresses("web"), ElementsAre("10.1.1.1", "198.51.100.1"));
  edgelb_.set_instances("app", {{"10.1.1.2", "198.51.100.2"}});
  EXPECT_TRUE(eventually([&] {
    return addresses("web") == std::vector<std::string>{"10.1.1.2", "198.51.100.2"};
  }));
}

TEST_F(Controller, NodesModeNamesEachReadyNode) {
  kube_.create_node("n1", "10.2.0.1");
  kube_.create_node("n2", "10.2.0.2");
  kube_.create_node("n3", "10.2.0.3", false);
  const auto made = create("web", "app");
  start({{"pools", {{"backendMode", "nodes"}}}});
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto targets = [&] {
    std::vector<std::string> out;
    const auto pool = edgelb_.pool("app");
    for (const auto& entry : (*pool)["haproxy"]["backends"][0]["services"])
      out.push_back(entry["endpoint"]["address"].get<std::string>());
    return out;
  };
  EXPECT_THAT(targets(), UnorderedElementsAre("10.2.0.1", "10.2.0.2"));
  kube_.delete_node("n1");
  EXPECT_TRUE(eventually([&] { return targets() == std::vector<std::string>{"10.2.0.2"}; }));
}

} // namespace
} // namespace dklb::controller_test
