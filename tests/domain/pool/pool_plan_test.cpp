#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

namespace dklb::domain::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

pool_document parsed(const char* json) {
  return pool_document::parse(json);
}

TEST(PoolPlanCreate, MakesAPoolWithDefaultsOnTheHostNetwork) {
  auto settings = mesos_mode();
  settings.default_size = 2;
  const auto plan = checked_plan(input(std::nullopt, {claim("a1", {80})}), settings);
  ASSERT_EQ(plan.action, pool_action::create);
  EXPECT_FALSE(plan.relaunches);
  EXPECT_EQ(plan.document["name"], "shared");
  EXPECT_EQ(plan.document["namespace"], "dcos-edgelb/pools");
  EXPECT_EQ(plan.document["role"], "slave_public");
  EXPECT_EQ(plan.document["cpus"], 0.1);
  EXPECT_EQ(plan.document["mem"], 128);
  EXPECT_EQ(plan.document["count"], 2);
  EXPECT_FALSE(plan.document.contains("virtualNetworks"));
  EXPECT_FALSE(plan.document.contains("constraints"));
  EXPECT_EQ(plan.document["haproxy"]["stats"]["bindPort"], 0);
}

TEST(PoolPlanCreate, TakesEveryKeyFromTheOldestClaimThatSetsIt) {
  const auto old = with(claim("a1", {80}), [](auto& each) { each.size = 3; });
  const auto young = with(claim("b2", {81}), [](auto& each) {
    each.size = 3;
    each.role = "*";
    each.cpus = 0.5;
    each.memory = 256;
    each.constraints = R"([["hostname","MAX_PER","1"]])";
  });
  const auto plan = checked_plan(input(std::nullopt, {young, old}));
  EXPECT_THAT(plan.refusals, IsEmpty());
  EXPECT_EQ(plan.document["count"], 3);
  EXPECT_EQ(plan.document["cpus"], 0.5);
  EXPECT_EQ(plan.document["mem"], 256);
  EXPECT_EQ(plan.document["constraints"], R"([["hostname","MAX_PER","1"]])");
  EXPECT_EQ(plan.document["role"], "*");
  EXPECT_EQ(plan.document["virtualNetworks"], parsed(R"([{"name": "dcos"}])"));
}

TEST(PoolPlanCreate, JoinsTheNamedNetwork) {
  const auto wants = with(claim("a1", {80}), [](auto& each) {
    each.role = "*";
    each.network = "backbone";
  });
  const auto plan = checked_plan(input(std::nullopt, {wants}));
  EXPECT_EQ(plan.document["virtualNetworks"], parsed(R"([{"name": "backbone"}])"));
}

TEST(PoolPlanCreate, DoesNothingWithoutClaims) {
  auto given = input(std::nullopt, {}, {key("gone1")});
  given.held_ours = true;
  EXPECT_EQ(checked_plan(given).action, pool_action::none);
}

struct strategy_case {
  const char* name;
  creation_strategy strategy;
  bool had_address;
  bool pool_exists;
  bool accepted;
};

class PoolPlanStrategy : public ::testing::TestWithParam<strategy_case> {};

TEST_P(PoolPlanStrategy, DecidesWhetherThePoolIsCreated) {
  const auto& param = GetParam();
  const auto wants = with(claim("a1", {80}), [&](auto& each) {
    each.creation = param.strategy;
    each.had_address = param.had_address;
  });
  const auto plan =
    checked_plan(input(param.pool_exists ? std::optional(pool()) : std::nullopt, {wants}));
  EXPECT_EQ(plan.action, !param.accepted     ? pool_action::none
                         : param.pool_exists ? pool_action::replace
                                             : pool_action::create);
  ASSERT_EQ(plan.refusals.empty(), param.accepted);
  if (!param.accepted) {
    EXPECT_EQ(plan.refusals.at(key("a1")).reason, refusal_reason::creation_forbidden);
  }
}

using enum creation_strategy;
INSTANTIATE_TEST_SUITE_P(
  Table, PoolPlanStrategy,
  ::testing::Values(strategy_case{"IfNotPresentCreates", if_not_present, false, false, true},
                    strategy_case{"IfNotPresentCreatesAgain", if_not_present, true, false, true},
                    strategy_case{"IfNotPresentJoins", if_not_present, false, true, true},
                    strategy_case{"OnceCreates", once, false, false, true},
                    strategy_case{"OnceDoesNotCreateAgain", once, true, false, false},
                    strategy_case{"OnceJoins", once, true, true, true},
                    strategy_case{"NeverDoesNotCreate", never, false, false, false},
                    strategy_case{"NeverJoins", never, false, true, true}),
  [](const auto& param) { return param.param.name; });

TEST(PoolPlanStrategies, OneClaimThatPermitsCreationIsEnoughForAll) {
  const auto forbids =
    with(claim("a1", {80}), [](auto& each) { each.creation = creation_strategy::never; });
  const auto plan = checked_plan(input(std::nullopt, {forbids, claim("b2", {81})}));
  EXPECT_EQ(plan.action, pool_action::create);
  EXPECT_THAT(plan.refusals, IsEmpty());
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("a1", 80), own("b2", 81)));
}

TEST(PoolPlanStrategies, AClaimThatForbidsCreationDoesNotKeepThePortFromTheOneThatPermitsIt) {
  const auto forbids =
    with(claim("a1", {80}), [](auto& each) { each.creation = creation_strategy::never; });
  const auto plan = checked_plan(input(std::nullopt, {forbids, claim("b2", {80})}));
  EXPECT_EQ(plan.action, pool_action::create);
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("b2", 80)));
  ASSERT_THAT(plan.refusals, SizeIs(1));
  EXPECT_EQ(plan.refusals.at(key("a1")).reason, refusal_reason::port_conflict);
}

TEST(PoolPlanEdit, KeepsThePresentValueOfAKeyThatNobodySets) {
  const auto plan = checked_plan(input(pool(), {claim("a1", {80})}));
  ASSERT_EQ(plan.action, pool_action::replace);
  EXPECT_FALSE(plan.relaunches);
  EXPECT_EQ(plan.document["cpus"], 0.9);
  EXPECT_EQ(plan.document["mem"], 992);
  EXPECT_EQ(plan.document["count"], 1);
  EXPECT_EQ(plan.document["constraints"], "hostname:UNIQUE");
}

TEST(PoolPlanEdit, FollowsTheKeysThatAreSet) {
  const auto wants = with(claim("a1", {80}), [](auto& each) {
    each.cpus = 2;
    each.memory = 2048;
    each.size = 4;
    each.constraints = "hostname:GROUP_BY";
  });
  auto actual = settled({claim("a1", {80})});
  actual["count"] = nullptr;
  const auto plan = checked_plan(input(actual, {wants}));
  ASSERT_EQ(plan.action, pool_action::replace);
  EXPECT_TRUE(plan.relaunches);
  EXPECT_EQ(plan.document["cpus"], 2);
  EXPECT_EQ(plan.document["mem"], 2048);
  EXPECT_EQ(plan.document["count"], 4);
  EXPECT_EQ(plan.document["constraints"], "hostname:GROUP_BY");
  EXPECT_THAT(plan.changes, ElementsAre("change pool: cpus from 0.1 to 2.0",
                                        "change pool: mem from 128 to 2048", "change pool: count 4",
                                        R"(change pool: constraints "hostname:GROUP_BY")"));
}

TEST(PoolPlanEdit, TakesASinglePrecisionNumberForTheSame) {
  const auto wants = with(claim("a1", {80}), [](auto& each) { each.cpus = 0.1; });
  auto actual = settled({wants});
  actual["cpus"] = 0.10000000149011612;
  EXPECT_EQ(checked_plan(input(actual, {wants})).action, pool_action::none);
}

TEST(PoolPlanEdit, LeavesServerDefaultsAndPeoplesAdditionsInOwnObjects) {
  auto actual = settled({claim("a1", {80})});
  auto& frontend = actual["haproxy"]["frontends"][0];
  frontend["certificates"] = pool_document::array();
  frontend["linkBackend"]["map"] = pool_document::array();
  frontend["miscStrs"] = {"option dontlognull"};
  auto& backend = actual["haproxy"]["backends"][0];
  backend["rewriteHttp"] = {{"host", ""}};
  auto& server = backend["services"][0];
  server["marathon"]["serviceID"] = "";
  server["mesos"]["taskID"] = "";
  server["endpoint"]["check"]["customStr"] = "inter 5s";
  server["endpoint"]["miscStr"] = "send-proxy";
  actual["disk"] = 256;
  EXPECT_EQ(checked_plan(input(actual, {claim("a1", {80})})).action, pool_action::none);
}

TEST(PoolPlanEdit, IsContentWhereTheServerDropsAnEmptySelector) {
  auto actual = settled({claim("a1", {80})});
  actual["haproxy"]["backends"][0]["services"][0].erase("marathon");
  EXPECT_EQ(checked_plan(input(actual, {claim("a1", {80})})).action, pool_action::none);
  actual["haproxy"]["backends"][0]["services"][0]["marathon"] = nullptr;
  EXPECT_EQ(checked_plan(input(actual, {claim("a1", {80})})).action, pool_action::none);
}

struct repair_case {
  const char* name;
  const char* pointer;
  const char* value;
};

class PoolPlanRepair : public ::testing::TestWithParam<repair_case> {};

TEST_P(PoolPlanRepair, PutsRightWhatSomebodyChangedByHand) {
  const auto wanted = settled({claim("a1", {80})});
  auto actual = wanted;
  actual[pool_document::json_pointer(GetParam().pointer)] = pool_document::parse(GetParam().value);
  ASSERT_NE(actual, wanted);
  const auto plan = checked_plan(input(actual, {claim("a1", {80})}));
  ASSERT_EQ(plan.action, pool_action::replace);
  EXPECT_EQ(plan.document, wanted);
  EXPECT_FALSE(plan.relaunches);
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolPlanRepair,
  ::testing::Values(
    repair_case{"Port", "/haproxy/frontends/0/bindPort", "81"},
    repair_case{"PortNull", "/haproxy/frontends/0/bindPort", "null"},
    repair_case{"PortText", "/haproxy/frontends/0/bindPort", R"("80")"},
    repair_case{"Address", "/haproxy/frontends/0/bindAddress", R"("127.0.0.1")"},
    repair_case{"Protocol", "/haproxy/frontends/0/protocol", R"("HTTP")"},
    repair_case{"Link", "/haproxy/frontends/0/linkBackend/defaultBackend", R"("other")"},
    repair_case{"LinkNull", "/haproxy/frontends/0/linkBackend", "null"},
    repair_case{"Balance", "/haproxy/backends/0/balance", R"("source")"},
    repair_case{"NodePort", "/haproxy/backends/0/services/0/endpoint/port", "1"},
    repair_case{"Framework", "/haproxy/backends/0/services/0/mesos/frameworkName", R"("x")"},
    repair_case{"EndpointType", "/haproxy/backends/0/services/0/endpoint/type", R"("AGENT_IP")"},
    repair_case{"Check", "/haproxy/backends/0/services/0/endpoint/check/enabled", "false"},
    repair_case{"ServersText", "/haproxy/backends/0/services", R"("none")"},
    repair_case{"ServersNull", "/haproxy/backends/0/services", "null"},
    repair_case{"ServerText", "/haproxy/backends/0/services/0", R"("none")"},
    repair_case{"SecondServer", "/haproxy/backends/0/services/1",
                R"({"endpoint": {"type": "ADDRESS", "address": "10.0.0.9", "port": 1}})"},
    repair_case{"SecondSelector", "/haproxy/backends/0/services/1",
                R"({"mesos": {"frameworkName": "other"}})"}),
  [](const auto& param) { return param.param.name; });

TEST(PoolPlanEdit, OwnObjectsKeepTheirPlaceAndNewOnesAreAppended) {
  auto actual = settled({claim("a1", {80}), claim("b2", {81})});
  auto& frontends = actual["haproxy"]["frontends"];
  frontends.insert(frontends.begin() + 1, parsed(R"({"name": "manual", "bindPort": 9999})"));
  const auto moved = with(claim("a1", {80}), [](auto& each) { each.ports[0].bind_port = 8080; });
  const auto plan = checked_plan(input(actual, {moved, claim("b2", {81}), claim("c0", {82})}));
  EXPECT_THAT(names(plan.document, "frontends"),
              ElementsAre(own("a1", 80), "manual", own("b2", 81), own("c0", 82)));
  EXPECT_EQ(find(plan.document, "frontends", own("a1", 80))["bindPort"], 8080);
  EXPECT_THAT(plan.changes,
              ElementsAre("change frontend " + own("a1", 80) + ": bindPort from 80 to 8080",
                          "add frontend " + own("c0", 82) + " on port 82",
                          "add backend " + own("c0", 82)));
}

TEST(PoolPlanEdit, TakesOutThePortsThatAServiceHasNoMore) {
  const auto plan = checked_plan(input(settled({claim("a1", {80, 81})}), {claim("a1", {81})}));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("a1", 81)));
  EXPECT_THAT(names(plan.document, "backends"), ElementsAre(own("a1", 81)));
  EXPECT_THAT(plan.changes,
              ElementsAre("remove frontend " + own("a1", 80), "remove backend " + own("a1", 80)));
}

TEST(PoolPlanEdit, TakesOutTheSecondObjectOfOneName) {
  auto actual = settled({claim("a1", {80})});
  for (const char* list : {"frontends", "backends"})
    actual["haproxy"][list].push_back(pool_document(actual["haproxy"][list][0]));
  const auto plan = checked_plan(input(actual, {claim("a1", {80})}));
  EXPECT_THAT(names(plan.document, "frontends"), SizeIs(1));
  EXPECT_THAT(names(plan.document, "backends"), SizeIs(1));
}

TEST(PoolPlanEdit, RestoresAMissingBackend) {
  auto actual = settled({claim("a1", {80})});
  actual["haproxy"]["backends"].clear();
  const auto plan = checked_plan(input(actual, {claim("a1", {80})}));
  EXPECT_EQ(plan.document, settled({claim("a1", {80})}));
}

TEST(PoolPlanEdit, FillsTheListsOfABarePool) {
  for (const char* bare :
       {R"({})", R"({"haproxy": null})", R"({"haproxy": {}})",
        R"({"count": null, "haproxy": {"frontends": null, "backends": null}})"}) {
    const auto plan = checked_plan(input(parsed(bare), {claim("a1", {80})}));
    ASSERT_EQ(plan.action, pool_action::replace) << bare;
    EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("a1", 80)));
    EXPECT_THAT(names(plan.document, "backends"), ElementsAre(own("a1", 80)));
  }
}

TEST(PoolPlanEdit, RefusesAPoolThatItCouldOnlyEditByDroppingSomething) {
  for (const char* odd :
       {"null", "[]", R"("pool")", R"({"haproxy": []})", R"({"haproxy": 1})",
        R"({"haproxy": {"frontends": {}}})", R"({"haproxy": {"backends": ""}})"}) {
    auto given = input(parsed(odd), {claim("a1", {80})}, {key("b2")});
    given.held_ours = true;
    const auto plan = checked_plan(given);
    EXPECT_EQ(plan.action, pool_action::none) << odd;
    EXPECT_EQ(plan.refusals.at(key("a1")).reason, refusal_reason::pool_conflict) << odd;
  }
}

TEST(PoolPlanNodes, WritesOneAddressEndpointForEachNode) {
  const auto plan =
    checked_plan(input(pool(), {claim("a1", {80})}), nodes_mode({"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(find(plan.document, "backends", own("a1", 80))["services"], parsed(R"([
    {"endpoint": {"type": "ADDRESS", "address": "10.0.0.1", "port": 30080, "check": {"enabled": true}}},
    {"endpoint": {"type": "ADDRESS", "address": "10.0.0.2", "port": 30080, "check": {"enabled": true}}}
  ])"));
}

TEST(PoolPlanNodes, FollowsTheNodesAndLeavesThoseThatStayAlone) {
  const auto first = checked_plan(input(pool(), {claim("a1", {80})}),
                                  nodes_mode({"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  auto actual = first.document;
  actual["haproxy"]["backends"][0]["services"][2]["endpoint"]["miscStr"] = "weight 3";
  const auto plan = checked_plan(input(actual, {claim("a1", {80})}),
                                 nodes_mode({"10.0.0.0", "10.0.0.2", "10.0.0.3"}));
  const auto& servers = find(plan.document, "backends", own("a1", 80))["services"];
  ASSERT_EQ(servers.size(), 3U);
  EXPECT_EQ(servers[0]["endpoint"]["address"], "10.0.0.2");
  EXPECT_EQ(servers[1]["endpoint"]["address"], "10.0.0.3");
  EXPECT_EQ(servers[1]["endpoint"]["miscStr"], "weight 3");
  EXPECT_EQ(servers[2]["endpoint"]["address"], "10.0.0.0");
  EXPECT_FALSE(plan.relaunches);
}

TEST(PoolPlanNodes, AnotherOrderOfTheSameNodesIsNoChange) {
  auto actual =
    checked_plan(input(pool(), {claim("a1", {80})}), nodes_mode({"10.0.0.1", "10.0.0.2"})).document;
  auto& servers = actual["haproxy"]["backends"][0]["services"];
  std::swap(servers[0], servers[1]);
  const auto plan =
    checked_plan(input(actual, {claim("a1", {80})}), nodes_mode({"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(plan.action, pool_action::none);
}

TEST(PoolPlanNodes, AnEmptyNodeListDrainsNothing) {
  const auto actual =
    checked_plan(input(pool(), {claim("a1", {80})}), nodes_mode({"10.0.0.1"})).document;
  EXPECT_EQ(checked_plan(input(actual, {claim("a1", {80})}), nodes_mode({})).action,
            pool_action::none);
}

TEST(PoolPlanNodes, TheModesReplaceEachOthersServersWhole) {
  const auto mesos = settled({claim("a1", {80})});
  const auto nodes =
    checked_plan(input(mesos, {claim("a1", {80})}), nodes_mode({"10.0.0.1"})).document;
  EXPECT_EQ(nodes["haproxy"]["backends"][0]["services"], parsed(R"([{"endpoint":
    {"type": "ADDRESS", "address": "10.0.0.1", "port": 30080, "check": {"enabled": true}}}])"));
  EXPECT_EQ(checked_plan(input(nodes, {claim("a1", {80})})).document, mesos);
}

TEST(PoolPlanNodes, BackendsOfARefusedServiceStillFollowTheNodes) {
  const auto both = std::vector{claim("a1", {80}), claim("b2", {81})};
  const auto actual = checked_plan(input(pool(), both), nodes_mode({"10.0.0.1"})).document;
  const auto moved = with(claim("b2", {81}), [](auto& each) { each.ports[0].bind_port = 80; });
  const auto plan =
    checked_plan(input(actual, {claim("a1", {80}), moved}), nodes_mode({"10.0.0.2"}));
  EXPECT_THAT(plan.refusals, SizeIs(1));
  EXPECT_EQ(find(plan.document, "frontends", own("b2", 81)),
            find(actual, "frontends", own("b2", 81)));
  EXPECT_EQ(find(plan.document, "backends", own("b2", 81))["services"][0]["endpoint"]["address"],
            "10.0.0.2");
}

TEST(PoolPlanActions, AreNamed) {
  EXPECT_STREQ(to_string(pool_action::none), "none");
  EXPECT_STREQ(to_string(pool_action::create), "create");
  EXPECT_STREQ(to_string(pool_action::replace), "replace");
  EXPECT_STREQ(to_string(pool_action::remove), "remove");
}

} // namespace
} // namespace dklb::domain::testing
