#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

namespace dklb::domain::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr auto port = refusal_reason::port_conflict;
constexpr auto conflict = refusal_reason::pool_conflict;

/// The claim, with its ports bound to these ports instead.
pool_claim bound_to(pool_claim claim, std::initializer_list<int> ports) {
  std::size_t next = 0;
  for (const int each : ports)
    claim.ports.at(next++).bind_port = each;
  return claim;
}

/// The one refusal of a plan that must have exactly this one.
claim_refusal only_refusal(const pool_plan& plan, std::string_view name) {
  EXPECT_THAT(plan.refusals, SizeIs(1));
  const auto found = plan.refusals.find(key(name));
  EXPECT_NE(found, plan.refusals.end());
  return found == plan.refusals.end() ? claim_refusal{} : found->second;
}

std::vector<int> bind_ports(const pool_document& pool) {
  std::vector<int> ports;
  for (const auto& frontend : pool["haproxy"]["frontends"])
    ports.push_back(frontend["bindPort"].get<int>());
  return ports;
}

TEST(PoolPorts, TheOldestClaimGetsTheContestedPort) {
  const auto plan = checked_plan(input(pool(), {claim("b2", {80}), claim("a1", {80})}));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("a1", 80)));
  const auto refusal = only_refusal(plan, "b2");
  EXPECT_EQ(refusal.reason, port);
  EXPECT_THAT(refusal.message, AllOf(HasSubstr("port 80"), HasSubstr("\"shared\""),
                                     HasSubstr("service default/a1"), HasSubstr("another port")));
}

TEST(PoolPorts, EqualAgeIsDecidedByName) {
  auto one = claim("x1", {80});
  auto other = claim("y1", {80});
  const auto plan = checked_plan(input(pool(), {other, one}));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("x1", 80)));
}

TEST(PoolPorts, ARefusedClaimIsRefusedWhole) {
  const auto plan = checked_plan(input(pool(), {claim("a1", {80}), claim("b2", {80, 81})}));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("a1", 80)));
  EXPECT_THAT(names(plan.document, "backends"), ElementsAre(own("a1", 80)));
}

TEST(PoolPorts, AYoungerServiceInThePoolKeepsItsPortFromAnOlderNewcomer) {
  const auto plan =
    checked_plan(input(settled({claim("b2", {80})}), {claim("a1", {80}), claim("b2", {80})}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_EQ(only_refusal(plan, "a1").reason, port);
}

TEST(PoolPorts, AnOlderServiceThatMovesDoesNotTakeAYoungerOnesPort) {
  const auto actual = settled({claim("a1", {80}), claim("b2", {81})});
  const auto plan =
    checked_plan(input(actual, {bound_to(claim("a1", {80}), {81}), claim("b2", {81})}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_EQ(only_refusal(plan, "a1").reason, port);
}

TEST(PoolPorts, ARefusedMoveKeepsWhatWorkedBefore) {
  const auto actual = settled({claim("a1", {80}), claim("b2", {81, 82})});
  const auto plan =
    checked_plan(input(actual, {claim("a1", {80}), bound_to(claim("b2", {81, 83}), {80, 83})}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_EQ(only_refusal(plan, "b2").reason, port);
}

TEST(PoolPorts, ARefusedServiceHoldsThePortsThatItStillBinds) {
  // b2 wants a1's port, is refused, and so still binds 81: c3 cannot have that.
  const auto actual = settled({claim("a1", {80}), claim("b2", {81})});
  const auto plan = checked_plan(
    input(actual, {claim("a1", {80}), bound_to(claim("b2", {81}), {80}), claim("c3", {81})}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_THAT(plan.refusals, SizeIs(2));
  EXPECT_THAT(plan.refusals.at(key("c3")).message, HasSubstr("service default/b2"));
}

TEST(PoolPorts, TwoServicesMaySwapTheirPorts) {
  const auto actual = settled({claim("a1", {80}), claim("b2", {81})});
  const auto plan = checked_plan(
    input(actual, {bound_to(claim("a1", {80}), {81}), bound_to(claim("b2", {81}), {80})}));
  EXPECT_THAT(plan.refusals, IsEmpty());
  EXPECT_THAT(bind_ports(plan.document), ElementsAre(81, 80));
}

TEST(PoolPorts, OneServiceMaySwapItsOwnPorts) {
  const auto actual = settled({claim("a1", {80, 81})});
  const auto plan = checked_plan(input(actual, {bound_to(claim("a1", {80, 81}), {81, 80})}));
  EXPECT_THAT(plan.refusals, IsEmpty());
  EXPECT_THAT(bind_ports(plan.document), ElementsAre(81, 80));
}

TEST(PoolPorts, AWholeRowMayMoveUpByOne) {
  const auto actual = settled({claim("a1", {80}), claim("b2", {81}), claim("c3", {82})});
  const auto plan = checked_plan(
    input(actual, {bound_to(claim("a1", {80}), {81}), bound_to(claim("b2", {81}), {82}),
                   bound_to(claim("c3", {82}), {83})}));
  EXPECT_THAT(plan.refusals, IsEmpty());
  EXPECT_THAT(bind_ports(plan.document), ElementsAre(81, 82, 83));
}

TEST(PoolPorts, ARowThatCannotMoveStaysWhereItIs) {
  auto actual = settled({claim("a1", {80}), claim("b2", {81}), claim("c3", {82})});
  actual["haproxy"]["frontends"].push_back({{"name", "manual"}, {"bindPort", 83}});
  const auto plan = checked_plan(
    input(actual, {bound_to(claim("a1", {80}), {81}), bound_to(claim("b2", {81}), {82}),
                   bound_to(claim("c3", {82}), {83})}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_THAT(plan.refusals, SizeIs(3));
}

TEST(PoolPorts, AClaimPushedOutBySomeoneItWaitedForLetsTheNextOneIn) {
  // b1 wants c2's 90 and contests 70; c2 cannot leave 90, because a0 gets 60 first. Then b1 cannot
  // have 90, and d3 gets 70 although b1 is older.
  const auto actual = settled({claim("c2", {90})});
  const auto plan =
    checked_plan(input(actual, {claim("a0", {60}), claim("b1", {70, 90}),
                                bound_to(claim("c2", {90}), {60}), claim("d3", {70})}));
  EXPECT_THAT(names(plan.document, "frontends"),
              ElementsAre(own("c2", 90), own("a0", 60), own("d3", 70)));
  EXPECT_THAT(plan.refusals, SizeIs(2));
}

TEST(PoolPorts, AReleasedPortIsFreeInTheSamePlan) {
  const auto plan = checked_plan(input(settled({claim("a1", {80}), claim("b2", {81})}),
                                       {claim("b2", {81}), claim("c3", {80})}, {key("a1")}));
  EXPECT_THAT(plan.refusals, IsEmpty());
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("b2", 81), own("c3", 80)));
}

TEST(PoolPorts, AServiceWithoutAClaimKeepsItsPort) {
  const auto plan = checked_plan(input(settled({claim("b2", {80})}), {claim("a1", {80})}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_THAT(only_refusal(plan, "a1").message, HasSubstr("service default/b2"));
}

TEST(PoolPorts, AnExcludedServiceKeepsItsPortAndIsGivenNoVerdict) {
  auto given = input(settled({claim("b2", {80})}), {claim("a1", {80}), claim("b2", {80, 81})});
  given.excluded = {key("b2")};
  const auto plan = checked_plan(given);
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_EQ(only_refusal(plan, "a1").reason, port);
}

struct foreign_case {
  const char* name;
  const char* frontend;
  bool conflicts;
};

class PoolForeignPort : public ::testing::TestWithParam<foreign_case> {};

TEST_P(PoolForeignPort, IsNeverTaken) {
  const auto actual = pool("[" + std::string(GetParam().frontend) + "]");
  const auto plan = checked_plan(input(actual, {claim("a1", {80})}));
  if (GetParam().conflicts) {
    EXPECT_EQ(plan.action, pool_action::none);
    EXPECT_EQ(only_refusal(plan, "a1").reason, port);
  } else {
    EXPECT_THAT(plan.refusals, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolForeignPort,
  ::testing::Values(
    foreign_case{"Wildcard", R"({"name": "x", "bindAddress": "0.0.0.0", "bindPort": 80})", true},
    foreign_case{"NoAddress", R"({"name": "x", "bindPort": 80})", true},
    foreign_case{"OneAddress", R"({"name": "x", "bindAddress": "10.0.0.1", "bindPort": 80})", true},
    foreign_case{"Unnamed", R"({"bindPort": 80})", true},
    foreign_case{"NameNoText", R"({"name": 80, "bindPort": 80})", true},
    foreign_case{"AnotherCluster", R"({"name": "dev.other:default:a1:80", "bindPort": 80})", true},
    foreign_case{"AnotherPort", R"({"name": "x", "bindPort": 8080})", false},
    foreign_case{"Unset", R"({"name": "x", "bindPort": -1})", false},
    foreign_case{"Null", R"({"name": "x", "bindPort": null})", false},
    foreign_case{"Text", R"({"name": "x", "bindPort": "80"})", false},
    foreign_case{"Fraction", R"({"name": "x", "bindPort": 80.5})", false},
    foreign_case{"Missing", R"({"name": "x"})", false}, foreign_case{"NoObject", "80", false},
    foreign_case{"NullEntry", "null", false}),
  [](const auto& param) { return param.param.name; });

TEST(PoolPorts, TheForeignFrontendIsNamed) {
  const auto actual = pool(R"([{"name": "legacy", "bindPort": 80}])");
  EXPECT_THAT(only_refusal(checked_plan(input(actual, {claim("a1", {80})})), "a1").message,
              HasSubstr("frontend \"legacy\", which dklb does not manage"));
}

TEST(PoolPorts, TheStatisticsPageHoldsItsPort) {
  auto actual = pool();
  actual["haproxy"]["stats"] = {{"bindAddress", "0.0.0.0"}, {"bindPort", 9090}};
  EXPECT_THAT(only_refusal(checked_plan(input(actual, {claim("a1", {9090})})), "a1").message,
              HasSubstr("statistics page"));
}

struct invalid_case {
  const char* name;
  std::function<void(pool_claim&)> spoil;
  const char* message;
};

class PoolInvalidClaim : public ::testing::TestWithParam<invalid_case> {};

TEST_P(PoolInvalidClaim, IsRefusedAndHarmsNobody) {
  const auto bad = with(claim("a1", {80, 81}), GetParam().spoil);
  const auto plan = checked_plan(input(pool(), {bad, claim("b2", {80})}));
  const auto refusal = only_refusal(plan, "a1");
  EXPECT_EQ(refusal.reason, refusal_reason::invalid);
  EXPECT_THAT(refusal.message, HasSubstr(GetParam().message));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("b2", 80)));
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolInvalidClaim,
  ::testing::Values(
    invalid_case{"TwoPortsOnOne", [](auto& each) { each.ports[1].bind_port = 80; },
                 "frontend port 80 has been specified twice"},
    invalid_case{"NoPort", [](auto& each) { each.ports.clear(); }, "no port"},
    invalid_case{"NoNodePort", [](auto& each) { each.ports[1].node_port = 0; },
                 "service port 81 has no nodePort"},
    invalid_case{"NodePortUnset", [](auto& each) { each.ports[1].node_port = -1; },
                 "service port 81 has no nodePort"},
    invalid_case{"ServicePortTwice", [](auto& each) { each.ports[1].service_port = 80; },
                 "service port 80 has been specified twice"},
    invalid_case{"ServicePortOutOfRange", [](auto& each) { each.ports[1].service_port = 65536; },
                 "65536 is not a valid port number"},
    invalid_case{"PortZero", [](auto& each) { each.ports[1].bind_port = 0; },
                 "0 is not a valid port number"},
    invalid_case{"PortOutOfRange", [](auto& each) { each.ports[1].bind_port = 65536; },
                 "65536 is not a valid port number"},
    invalid_case{"CloudText", [](auto& each) { each.cloud_provider = "aws"; }, "JSON object"},
    invalid_case{"CloudList", [](auto& each) { each.cloud_provider = "[]"; }, "JSON object"}),
  [](const auto& param) { return param.param.name; });

TEST(PoolInvalid, AServiceInThePoolKeepsItsObjectsAndPorts) {
  const auto broken = with(claim("a1", {80}), [](auto& each) { each.ports[0].node_port = 0; });
  const auto plan = checked_plan(input(settled({claim("a1", {80})}), {broken, claim("b2", {80})}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_EQ(plan.refusals.at(key("a1")).reason, refusal_reason::invalid);
  EXPECT_EQ(plan.refusals.at(key("b2")).reason, port);
}

struct setting_case {
  const char* name;
  std::function<void(pool_claim&)> older;
  std::function<void(pool_claim&)> younger;
  const char* message; ///< empty: both are accepted
};

class PoolSetting : public ::testing::TestWithParam<setting_case> {};

TEST_P(PoolSetting, OfTheOldestClaimHolds) {
  const auto older = with(claim("a1", {80}), GetParam().older);
  const auto younger = with(claim("b2", {81}), GetParam().younger);
  const auto alone = checked_plan(input(std::nullopt, {older})).document;
  const auto plan = checked_plan(input(std::nullopt, {younger, older}));
  if (*GetParam().message == '\0') {
    EXPECT_THAT(plan.refusals, IsEmpty());
    return;
  }
  const auto refusal = only_refusal(plan, "b2");
  EXPECT_EQ(refusal.reason, conflict);
  EXPECT_THAT(refusal.message, HasSubstr(GetParam().message));
  EXPECT_EQ(plan.document, alone);
}

void leave_out(pool_claim&) {}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolSetting,
  ::testing::Values(
    setting_case{"Size", [](auto& each) { each.size = 3; }, [](auto& each) { each.size = 1; },
                 "size 1 differs from 3, which service default/a1 has set"},
    setting_case{"Cpus", [](auto& each) { each.cpus = 0.2; }, [](auto& each) { each.cpus = 0.5; },
                 "cpus 0.5 differs from 0.2, which service default/a1 has set"},
    setting_case{"Memory", [](auto& each) { each.memory = 64; },
                 [](auto& each) { each.memory = 65; },
                 "memory 65 differs from 64, which service default/a1 has set"},
    setting_case{"Constraints", [](auto& each) { each.constraints = "a"; },
                 [](auto& each) { each.constraints = "b"; },
                 "constraints \"b\" differs from \"a\", which service default/a1 has set"},
    setting_case{"SameSize", [](auto& each) { each.size = 3; }, [](auto& each) { each.size = 3; },
                 ""},
    setting_case{"YoungerLeavesItOut", [](auto& each) { each.size = 3; }, leave_out, ""},
    setting_case{"OlderLeavesItOut", leave_out, [](auto& each) { each.size = 3; }, ""}),
  [](const auto& param) { return param.param.name; });

TEST(PoolSettings, ARefusedClaimDecidesNothing) {
  const auto actual = pool(R"([{"name": "legacy", "bindPort": 80}])");
  const auto refused = with(claim("a1", {80}), [](auto& each) { each.size = 5; });
  const auto joins = with(claim("b2", {81}), [](auto& each) { each.size = 2; });
  const auto plan = checked_plan(input(actual, {refused, joins}));
  EXPECT_EQ(only_refusal(plan, "a1").reason, port);
  EXPECT_EQ(plan.document["count"], 2);
}

TEST(PoolSettings, AnExcludedClaimDecidesNothing) {
  const auto refused = with(claim("a1", {80}), [](auto& each) { each.size = 5; });
  const auto joins = with(claim("b2", {81}), [](auto& each) { each.size = 2; });
  auto given = input(pool(), {refused, joins});
  given.excluded = {key("a1")};
  const auto plan = checked_plan(given);
  EXPECT_THAT(plan.refusals, IsEmpty());
  EXPECT_EQ(plan.document["count"], 2);
}

TEST(PoolSettings, AServiceThatComesToDifferKeepsItsObjects) {
  const auto actual = settled({claim("a1", {80}), claim("b2", {81})});
  const auto first = with(claim("a1", {80}), [](auto& each) { each.size = 1; });
  const auto differs = with(claim("b2", {81}), [](auto& each) {
    each.size = 3;
    each.ports[0].node_port = 31111;
  });
  const auto plan = checked_plan(input(actual, {first, differs}));
  EXPECT_EQ(only_refusal(plan, "b2").reason, conflict);
  EXPECT_EQ(find(plan.document, "frontends", own("b2", 81)),
            find(actual, "frontends", own("b2", 81)));
  // What worked before goes on: the backend follows the node port.
  EXPECT_EQ(find(plan.document, "backends", own("b2", 81))["services"][0]["endpoint"]["port"],
            31111);
}

struct fixed_case {
  const char* name;
  const char* present; ///< merged into the pool
  std::function<void(pool_claim&)> edit;
  const char* message; ///< empty: accepted
};

class PoolFixedSetting : public ::testing::TestWithParam<fixed_case> {};

TEST_P(PoolFixedSetting, CannotBeChangedOnAPoolThatExists) {
  auto actual = pool();
  actual.update(pool_document::parse(GetParam().present));
  const auto plan = checked_plan(input(actual, {with(claim("a1", {80}), GetParam().edit)}));
  if (*GetParam().message == '\0') {
    EXPECT_THAT(plan.refusals, IsEmpty());
    EXPECT_FALSE(plan.relaunches);
    return;
  }
  EXPECT_EQ(plan.action, pool_action::none);
  const auto refusal = only_refusal(plan, "a1");
  EXPECT_EQ(refusal.reason, conflict);
  EXPECT_THAT(refusal.message, HasSubstr(GetParam().message));
}

constexpr const char* two_networks = R"({"role": "*", "virtualNetworks":
  [7, {"labels": {}}, {"name": "dcos", "labels": {}}, {"name": "backbone"}]})";

INSTANTIATE_TEST_SUITE_P(
  Table, PoolFixedSetting,
  ::testing::Values(
    fixed_case{"Role", "{}", [](auto& each) { each.role = "*"; },
               R"(role "*" differs from "slave_public", the role of pool "shared")"},
    fixed_case{"SameRole", "{}", [](auto& each) { each.role = "slave_public"; }, ""},
    fixed_case{"NoRoleIsTheDefault", R"({"role": null})",
               [](auto& each) { each.role = "slave_public"; }, ""},
    fixed_case{"Network", two_networks, [](auto& each) { each.network = "other"; },
               R"(network "other" differs from "dcos", the network of pool "shared")"},
    fixed_case{"OneOfTheNetworks", two_networks, [](auto& each) { each.network = "backbone"; }, ""},
    fixed_case{"HostNetworkWanted", two_networks, [](auto& each) { each.network = ""; },
               R"(network "" differs from "dcos")"},
    fixed_case{"HostNetworkPresent", "{}", [](auto& each) { each.network = "dcos"; },
               R"(network "dcos" differs from "")"},
    fixed_case{"SameHostNetwork", "{}", [](auto& each) { each.network = ""; }, ""},
    fixed_case{"NothingAsked", two_networks, leave_out, ""}),
  [](const auto& param) { return param.param.name; });

struct network_case {
  const char* name;
  std::function<void(pool_claim&)> older;
  std::function<void(pool_claim&)> younger;
  std::vector<std::string> refused;
  const char* message;
};

class PoolNetworkRule : public ::testing::TestWithParam<network_case> {};

TEST_P(PoolNetworkRule, HoldsForRoleAndNetworkTogether) {
  const auto plan =
    checked_plan(input(std::nullopt, {with(claim("a1", {80}), GetParam().older),
                                      with(claim("b2", {81}), GetParam().younger)}));
  ASSERT_THAT(plan.refusals, SizeIs(GetParam().refused.size()));
  for (const auto& name : GetParam().refused)
    EXPECT_THAT(plan.refusals.at(key(name)).message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolNetworkRule,
  ::testing::Values(network_case{"RolesDiffer",
                                 [](auto& each) { each.role = "*"; },
                                 [](auto& each) { each.role = "other"; },
                                 {"b2"},
                                 "role"},
                    network_case{"NetworksDiffer",
                                 [](auto& each) { each.role = "*", each.network = "one"; },
                                 [](auto& each) { each.role = "*", each.network = "two"; },
                                 {"b2"},
                                 "network"},
                    network_case{"RoleOfTheOlderNetworkOfTheYounger",
                                 [](auto& each) { each.role = "*"; },
                                 [](auto& each) { each.network = "one"; },
                                 {},
                                 ""},
                    network_case{"NetworkOnPublicAgents",
                                 [](auto& each) { each.network = ""; },
                                 [](auto& each) { each.network = "dcos"; },
                                 {"b2"},
                                 "network \"dcos\" differs"},
                    network_case{"PrivateRoleOnTheHostNetwork",
                                 [](auto& each) { each.network = ""; },
                                 [](auto& each) { each.role = "*"; },
                                 {"b2"},
                                 "role \"*\" differs"}),
  [](const auto& param) { return param.param.name; });

TEST(PoolNetworkRules, ANewPoolOfTheDefaultRoleJoinsNoNetwork) {
  const auto plan = checked_plan(
    input(std::nullopt, {with(claim("a1", {80}), [](auto& each) { each.network = "dcos"; })}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_EQ(only_refusal(plan, "a1").message,
            "cannot join a virtual network when the pool's role is \"slave_public\"");
}

TEST(PoolNetworkRules, ANewPrivatePoolLeavesTheHostNetwork) {
  const auto plan = checked_plan(input(std::nullopt, {with(claim("a1", {80}), [](auto& each) {
                                         each.role = "*";
                                         each.network = "";
                                       })}));
  EXPECT_EQ(only_refusal(plan, "a1").message,
            "cannot join the host network when the pool's role is \"*\"");
}

pool_claim cloud(std::string_view name, std::initializer_list<int> ports) {
  return with(claim(name, ports), [](auto& each) {
    each.network = "dcos";
    each.cloud_provider = R"({"zone": 1, "aws": {"elbs": [{"type": "NLB", "name": "x"}]}})";
  });
}

TEST(PoolCloud, PassesTheConfigurationThroughAndLetsTheServerPickPorts) {
  const auto plan = checked_plan(input(std::nullopt, {cloud("a1", {80, 81})}));
  ASSERT_EQ(plan.action, pool_action::create);
  EXPECT_EQ(plan.document["cloudProvider"].dump(),
            R"({"zone":1,"aws":{"elbs":[{"type":"NLB","name":"x"}]}})");
  EXPECT_FALSE(plan.document.contains("virtualNetworks"));
  EXPECT_THAT(bind_ports(plan.document), ElementsAre(0, 0));
}

TEST(PoolCloud, AcceptsThePortAndTheDefaultsThatTheServerFilledIn) {
  auto actual = checked_plan(input(std::nullopt, {cloud("a1", {80})})).document;
  actual["haproxy"]["frontends"][0]["bindPort"] = 1026;
  actual["cloudProvider"]["aws"]["elbs"][0]["internal"] = false;
  EXPECT_EQ(checked_plan(input(actual, {cloud("a1", {80})})).action, pool_action::none);
  actual["haproxy"]["frontends"][0]["bindPort"] = -1;
  const auto plan = checked_plan(input(actual, {cloud("a1", {80})}));
  EXPECT_THAT(bind_ports(plan.document), ElementsAre(0));
}

TEST(PoolCloud, FollowsAChangedConfiguration) {
  const auto actual = settled({cloud("a1", {80})});
  const auto changed =
    with(cloud("a1", {80}), [](auto& each) { each.cloud_provider = R"({"zone": 2})"; });
  const auto plan = checked_plan(input(actual, {changed}));
  EXPECT_EQ(plan.document["cloudProvider"]["zone"], 2);
  EXPECT_TRUE(plan.relaunches);
}

struct dedicated_case {
  const char* name;
  std::function<pool_document()> actual;
  std::vector<pool_claim> claims;
  std::vector<std::string> refused;
};

class PoolDedicated : public ::testing::TestWithParam<dedicated_case> {};

TEST_P(PoolDedicated, ServesOneService) {
  const auto actual = GetParam().actual ? std::optional(GetParam().actual()) : std::nullopt;
  const auto plan = checked_plan(input(actual, GetParam().claims));
  std::vector<std::string> refused;
  for (const auto& [service, refusal] : plan.refusals) {
    refused.push_back(service.name);
    EXPECT_EQ(refusal.reason, conflict);
  }
  EXPECT_EQ(refused, GetParam().refused);
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolDedicated,
  ::testing::Values(
    dedicated_case{"OlderCloudWins", {}, {cloud("a1", {80}), claim("b2", {81})}, {"b2"}},
    dedicated_case{"OlderPlainWins", {}, {claim("a1", {80}), cloud("b2", {81})}, {"b2"}},
    dedicated_case{"TwoClouds", {}, {cloud("a1", {80}), cloud("b2", {81})}, {"b2"}},
    dedicated_case{"OlderPlainNewcomer",
                   [] { return settled({cloud("b2", {80})}); },
                   {claim("a1", {81}), cloud("b2", {80})},
                   {"a1"}},
    dedicated_case{"OlderCloudNewcomer",
                   [] { return settled({claim("b2", {80})}); },
                   {cloud("a1", {81}), claim("b2", {80})},
                   {"a1"}},
    dedicated_case{
      "OwnerNotKnownYet", [] { return settled({cloud("b2", {80})}); }, {claim("a1", {81})}, {"a1"}},
    dedicated_case{"UsedByAServiceNotKnownYet",
                   [] { return settled({claim("b2", {80})}); },
                   {cloud("a1", {81})},
                   {"a1"}},
    dedicated_case{"ForeignFrontend",
                   [] { return pool(R"([{"name": "manual"}])"); },
                   {cloud("a1", {81})},
                   {"a1"}},
    dedicated_case{"ForeignBackend",
                   [] { return pool("[]", R"([{"name": "manual"}])"); },
                   {cloud("a1", {81})},
                   {"a1"}},
    dedicated_case{"EmptyPool", [] { return pool(); }, {cloud("a1", {81})}, {}},
    dedicated_case{"PlainClaimsShareAHandMadeCloudPool",
                   [] {
                     auto actual = settled({claim("a1", {80})});
                     actual["cloudProvider"] = {{"aws", 1}};
                     return actual;
                   },
                   {claim("a1", {80}), claim("b2", {81})},
                   {}}),
  [](const auto& param) { return param.param.name; });

TEST(PoolCloud, AForeignFrontendThatCameLaterDoesNotPushTheServiceOut) {
  auto actual = settled({cloud("a1", {80})});
  actual["haproxy"]["frontends"].push_back({{"name", "manual"}});
  EXPECT_THAT(checked_plan(input(actual, {cloud("a1", {80})})).refusals, IsEmpty());
}

TEST(PoolClaims, TheYoungerOfTwoClaimsOfOneServiceCounts) {
  const auto young = with(claim("a1", {81}), [](auto& each) {
    each.uid = "uid-new";
    each.creation_timestamp = "2025-01-01T00:00:00Z";
  });
  const auto plan = checked_plan(input(pool(), {claim("a1", {80}), young}));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("a1", 81)));
}

TEST(PoolOwners, AreReadFromFrontendsAndBackends) {
  auto actual = settled({claim("a1", {80}), claim("b2", {81})});
  actual["haproxy"]["frontends"].erase(1);
  actual["haproxy"]["frontends"].push_back({{"name", "dev.other:default:c3:80"}});
  EXPECT_THAT(owners_in(cluster, actual), UnorderedElementsAre(key("a1"), key("b2")));
}

} // namespace
} // namespace dklb::domain::testing
