#include "domain/cluster/cluster_plan.hpp"

#include "domain/base/names.hpp"
#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace dklb::domain {
namespace {

using testing::claim;
using testing::cluster;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::key;
using testing::settled;
using ::testing::SizeIs;

config mesos_config() {
  config out;
  out.cluster_name = cluster;
  return out;
}

/// What `claim(name, ports)` of the same name claims, as a Service with the finalizer.
service object(const std::string& name, std::initializer_list<int> ports,
               const std::string& annotation = "name: shared") {
  const auto like = claim(name, ports);
  service out;
  out.key = like.service;
  out.uid = like.uid;
  out.creation_timestamp = like.creation_timestamp;
  out.type = "LoadBalancer";
  for (const int port : ports)
    out.ports.push_back({"p" + std::to_string(port), "TCP", port, 30000 + port});
  out.config_annotation = annotation;
  out.finalizers = {finalizer_name};
  return out;
}

cluster_plan plan(std::vector<service> services, std::map<std::string, pool_document> pools = {},
                  const config& settings = mesos_config()) {
  return plan_cluster(settings, {}, {std::move(services), std::move(pools)});
}

std::vector<std::string> pool_names(const cluster_plan& plan) {
  std::vector<std::string> out;
  for (const auto& item : plan.pools)
    out.push_back(item.name + " " + to_string(item.action));
  return out;
}

TEST(ClusterPlan, HasNothingToDoOverASettledCluster) {
  const auto planned = plan({object("a1", {80}), object("a2", {81})},
                            {{"shared", settled({claim("a1", {80}), claim("a2", {81})})}});
  EXPECT_THAT(planned.pools, IsEmpty());
  EXPECT_THAT(planned.unserved, IsEmpty());
  EXPECT_EQ(plan_as_table(planned), "Nothing to do.\n");
}

/// What the annotations say and what EdgeLB holds of a Service whose text names no pool.
TEST(ClusterPlan, KnowsThePoolThatWasChosen) {
  const auto pools = std::map<std::string, pool_document>{{"shared", settled({claim("a1", {80})})}};
  auto named = object("a1", {80}, "constraints: ''");
  named.pool_annotation = "shared";
  auto removed = named;
  removed.pool_annotation = "";
  auto changed = named;
  changed.pool_annotation = "other";
  for (const auto& service : {named, removed, changed})
    EXPECT_THAT(pool_names(plan({service}, pools)), ElementsAre("shared replace"));
  auto copy = object("a2", {80}, "size: 1");
  copy.pool_annotation = "shared";
  named.config_annotation = "";
  EXPECT_THAT(pool_names(plan({named, copy}, pools)), ElementsAre(::testing::EndsWith(" create")));
}

TEST(ClusterPlan, CreatesAndChangesPoolsWithAReasonOnEachLine) {
  const auto planned =
    plan({object("a1", {80}), object("a2", {81}), object("b1", {82}, "name: new")},
         {{"shared", settled({claim("a1", {80})})}});
  EXPECT_THAT(pool_names(planned), ElementsAre("new create", "shared replace"));
  EXPECT_THAT(planned.pools.front().changes.front(), HasSubstr("create pool new"));
  const auto text = plan_as_table(planned);
  EXPECT_THAT(text, HasSubstr("POOL    ACTION   CHANGE\n"));
  EXPECT_THAT(text, HasSubstr("shared  replace  add frontend " + testing::own("a2", 81)));
}

TEST(ClusterPlan, PlansBehindTheFirstPatchOfAServiceThatIsNew) {
  auto bare = object("a1", {80}, "");
  bare.config_annotation.reset();
  bare.finalizers.clear();
  auto other = bare;
  other.key.name = "a2";
  const auto planned = plan({bare, other});
  ASSERT_THAT(planned.pools, SizeIs(2)) << "each gets a name of its own";
  EXPECT_THAT(planned.pools.front().name, HasSubstr("dev--kubernetes01--"));
  EXPECT_THAT(pool_names(plan({object("a1", {80})})), ElementsAre("shared create"));
  auto without_finalizer = object("a1", {80});
  without_finalizer.finalizers.clear();
  EXPECT_THAT(pool_names(plan({without_finalizer})), ElementsAre("shared create"));
}

TEST(ClusterPlan, TellsWhoIsNotServedAndWhy) {
  auto paused = object("b1", {83}, "name: other");
  paused.paused = true;
  const auto planned =
    plan({object("a1", {80}), object("a2", {80}), object("a3", {82}, "surprise: 1"), paused});
  EXPECT_THAT(pool_names(planned), ElementsAre("shared create"));
  ASSERT_THAT(planned.unserved, SizeIs(3));
  EXPECT_EQ(planned.unserved[0].service, key("a2"));
  EXPECT_EQ(planned.unserved[0].report.reason, "PortConflict");
  EXPECT_EQ(planned.unserved[1].report.reason, "TranslationError");
  EXPECT_EQ(planned.unserved[2].report.reason, "TranslationPaused");
  const auto text = plan_as_table(planned);
  EXPECT_THAT(text, HasSubstr("SERVICE     PHASE    WHY\n"));
  EXPECT_THAT(text, HasSubstr("default/a2  Refused  PortConflict: "));
}

TEST(ClusterPlan, DoesNotTouchWhatAServiceHasThatIsRefusedOrAnothersNow) {
  const std::map<std::string, pool_document> pools{{"shared", settled({claim("a1", {80})})}};
  EXPECT_THAT(plan({object("a1", {80}, "surprise: 1")}, pools).pools, IsEmpty());
  auto classed = object("a1", {80});
  classed.finalizers.clear();
  classed.load_balancer_class = "example.com/other";
  EXPECT_THAT(plan({classed}, pools).pools, IsEmpty());
}

config with_class(const char* load_balancer_class, bool claim_unclassed) {
  auto out = mesos_config();
  out.kubernetes.load_balancer_class = load_balancer_class;
  out.kubernetes.claim_unclassed = claim_unclassed;
  return out;
}

TEST(ClusterPlan, SaysNothingAboutServicesOfAnotherDklb) {
  const std::map<std::string, pool_document> pools{
    {"shared", settled({claim("a1", {80}), claim("a2", {81}), claim("a3", {82})})}};
  auto classed = object("a2", {81});
  classed.load_balancer_class = default_load_balancer_class;
  auto leaving = object("a3", {82});
  leaving.type = "ClusterIP";
  for (const bool claim_unclassed : {true, false})
    for (const auto mode : {orphan_mode::remove, orphan_mode::report}) {
      auto settings = with_class("example.com/internal", claim_unclassed);
      settings.orphans = mode;
      const auto planned = plan({object("a1", {80}), classed, leaving}, pools, settings);
      EXPECT_EQ(plan_as_table(planned), "Nothing to do.\n");
    }
  auto mine = object("b1", {80});
  mine.load_balancer_class = "example.com/internal";
  mine.finalizers.clear();
  const auto planned = plan({object("a1", {80}), classed, leaving, mine}, pools,
                            with_class("example.com/internal", true));
  EXPECT_THAT(planned.pools, IsEmpty());
  ASSERT_THAT(planned.unserved, SizeIs(1));
  EXPECT_THAT(planned.unserved.front().report.message, HasSubstr("bound by service default/a1"));
}

TEST(ClusterPlan, ChangesNoPoolForAnotherClassOrTheFinalizerOfAnEarlierVersion) {
  const std::map<std::string, pool_document> pools{{"shared", settled({claim("a1", {80})})}};
  auto classed = object("a1", {80});
  classed.load_balancer_class = "example.com/internal";
  for (const bool claim_unclassed : {true, false}) {
    const auto settings = with_class("example.com/internal", claim_unclassed);
    EXPECT_EQ(plan_as_table(plan({object("a1", {80})}, pools, settings)), "Nothing to do.\n");
    EXPECT_EQ(plan_as_table(plan({classed}, pools, settings)), "Nothing to do.\n");
  }
}

struct removal {
  const char* name;
  std::function<void(service&)> edit; ///< none: the Service is gone
};

class ClusterPlanRemoval : public ::testing::TestWithParam<removal> {};

TEST_P(ClusterPlanRemoval, TakesTheObjectsOut) {
  const std::map<std::string, pool_document> pools{{"shared", settled({claim("a1", {80})})}};
  std::vector<service> services;
  if (GetParam().edit) {
    services.push_back(object("a1", {80}));
    GetParam().edit(services.front());
  }
  const auto planned = plan(services, pools);
  EXPECT_THAT(pool_names(planned), ElementsAre("shared remove"));
}

INSTANTIATE_TEST_SUITE_P(
  Table, ClusterPlanRemoval,
  ::testing::Values(removal{"Gone", {}},
                    removal{"Deleting", [](service& one) { one.deleting = true; }},
                    removal{"OtherType", [](service& one) { one.type = "ClusterIP"; }},
                    removal{"OtherTypeWithoutFinalizer",
                            [](service& one) {
                              one.type = "ClusterIP";
                              one.finalizers.clear();
                            }},
                    removal{"OtherClass",
                            [](service& one) { one.load_balancer_class = "example.com/other"; }}),
  [](const auto& each) { return std::string{each.param.name}; });

TEST(ClusterPlan, OnlyReportsOrphansWhereThatIsConfigured) {
  auto settings = mesos_config();
  settings.orphans = orphan_mode::report;
  const auto planned = plan({}, {{"shared", settled({claim("a1", {80})})}}, settings);
  EXPECT_THAT(planned.pools, IsEmpty());
  EXPECT_THAT(planned.left, ElementsAre(HasSubstr("objects of default/a1, which is gone")));
  EXPECT_THAT(plan_as_table(planned), HasSubstr("pool shared: objects of default/a1"));
}

TEST(ClusterPlan, LeavesTheOldPoolOnceTheNewOneTakesTheService) {
  const std::map<std::string, pool_document> pools{{"shared", settled({claim("a1", {80})})}};
  EXPECT_THAT(pool_names(plan({object("a1", {80}, "name: next")}, pools)),
              ElementsAre("next create", "shared remove"));
  // Where the new pool refuses it, what works stays.
  EXPECT_THAT(
    pool_names(plan({object("a1", {80}, "{name: next, strategies: {creation: Never}}")}, pools)),
    IsEmpty());
}

pool_document hand_made(pool_document document) {
  document["haproxy"]["stats"]["bindPort"] = 9090;
  return document;
}

struct keeping {
  const char* name;
  std::function<void(service&)> edit; ///< none: the Service is gone
};

class ClusterPlanKeeps : public ::testing::TestWithParam<keeping> {};

TEST_P(ClusterPlanKeeps, AHandMadePoolOfAServiceThatSaysNever) {
  const std::map<std::string, pool_document> pools{
    {"shared", hand_made(settled({claim("a1", {80})}))}, {"next", testing::pool()}};
  std::vector<service> services;
  if (GetParam().edit) {
    services.push_back(object("a1", {80}, "{name: shared, strategies: {creation: Never}}"));
    GetParam().edit(services.front());
  }
  EXPECT_THAT(pool_names(plan(services, pools)), ::testing::Contains("shared replace"));
}

INSTANTIATE_TEST_SUITE_P(
  Table, ClusterPlanKeeps,
  ::testing::Values(keeping{"Gone", {}},
                    keeping{"Deleting", [](service& one) { one.deleting = true; }},
                    keeping{"Moved",
                            [](service& one) {
                              one.config_annotation = "{name: next, strategies: {creation: Never}}";
                              one.ports[0].port = 81;
                            }}),
  [](const auto& each) { return std::string{each.param.name}; });

TEST(ClusterPlan, CreatesAPoolAnewForWhomItsFormerOneRefused) {
  auto leaving = object("a1", {80});
  leaving.deleting = true;
  const auto planned = plan({leaving, object("b2", {80}, "{name: shared, role: '*'}")},
                            {{"shared", settled({claim("a1", {80})})}});
  EXPECT_THAT(pool_names(planned), ElementsAre("shared remove", "shared create"));
  EXPECT_THAT(planned.unserved, IsEmpty());
}

TEST(ClusterPlan, ChangesNothingOfAPausedServiceAndGoesOnWithTheOthers) {
  auto paused = object("a1", {80, 81});
  paused.paused = true;
  const std::map<std::string, pool_document> pools{{"shared", settled({claim("a1", {80})})}};
  EXPECT_THAT(plan({paused}, pools).pools, IsEmpty());
  EXPECT_THAT(plan({paused}).pools, IsEmpty()) << "a pool that somebody deleted stays away";
  const auto planned = plan({paused, object("b2", {82})}, pools);
  EXPECT_THAT(pool_names(planned), ElementsAre("shared replace"));
  EXPECT_THAT(planned.pools.front().changes,
              ElementsAre(HasSubstr(testing::own("b2", 82)), HasSubstr(testing::own("b2", 82))));
  paused.deleting = true;
  EXPECT_THAT(plan({paused}, pools).pools, IsEmpty());
}

TEST(ClusterPlan, UsesTheNodesInNodesMode) {
  auto settings = mesos_config();
  settings.pools.mode = backend_mode::nodes;
  const auto before =
    plan_pool(testing::nodes_mode({"10.0.0.1"}), testing::input(std::nullopt, {claim("a1", {80})}));
  const cluster_state state{{object("a1", {80})}, {{"shared", before.document}}};
  const auto over = [&](const std::vector<std::string>& nodes) {
    return plan_cluster(settings, testing::nodes_mode(nodes).nodes, state);
  };
  EXPECT_THAT(over({"10.0.0.1"}).pools, IsEmpty());
  EXPECT_THAT(pool_names(over({"10.0.0.1", "10.0.0.2"})), ElementsAre("shared replace"));
}

TEST(ClusterPlan, IsTheSameInAnyOrderOfTheServices) {
  auto first = object("a1", {80}, "");
  auto second = object("a2", {81}, "");
  EXPECT_EQ(plan_as_json(plan({first, second})), plan_as_json(plan({second, first})));
}

TEST(ClusterPlan, IsJsonForPrograms) {
  const auto json = plan_as_json(plan({object("a1", {80}), object("a2", {80})}));
  EXPECT_EQ(json["pools"][0]["name"], "shared");
  EXPECT_EQ(json["pools"][0]["action"], "create");
  EXPECT_EQ(json["pools"][0]["relaunches"], false);
  EXPECT_FALSE(json["pools"][0]["changes"].empty());
  EXPECT_EQ(json["unserved"][0]["service"], "default/a2");
  EXPECT_EQ(json["unserved"][0]["reason"], "PortConflict");
  EXPECT_EQ(json["left"], nlohmann::json::array());
}

} // namespace
} // namespace dklb::domain
