#include "edgelb/pools/planner.hpp"
#include "edgelb/rules/pool_schema.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dklb::edgelb {
namespace {

const std::vector<agent> five{{{"10.0.0.1"}, {}, "*"},
                              {{"10.0.0.2"}, {}, "*"},
                              {{"10.0.0.3"}, {"192.0.2.3", "2001:db8::3"}, public_role},
                              {{"10.0.0.4"}, {"192.0.2.4"}, public_role},
                              {{"10.0.0.5"}, {}, "team"}};

struct placement_case {
  const char* name;
  const char* role;
  int count;
  const char* constraints;
  std::vector<std::string> current;
  std::map<std::string, int> load;
  std::set<std::string> blocked;
  std::vector<std::string> expected;
  int pending;
};

class Placement : public ::testing::TestWithParam<placement_case> {};

TEST_P(Placement, PutsInstances) {
  const auto& given = GetParam();
  placement_request request{given.role,
                            given.count,
                            *placement_constraints::parse(given.constraints),
                            {},
                            given.current,
                            given.load,
                            [&](const agent& where) -> std::optional<std::string> {
                              if (given.blocked.count(where.name()) == 0)
                                return {};
                              return "port 80 is taken";
                            }};
  const auto placed = place(five, request);
  std::vector<std::string> where;
  for (const auto& one : placed.agents)
    where.push_back(one.name());
  EXPECT_EQ(where, given.expected);
  EXPECT_EQ(placed.pending, given.pending);
  EXPECT_EQ(placed.reason.empty(), given.pending == 0);
}

INSTANTIATE_TEST_SUITE_P(
  Table, Placement,
  ::testing::Values(
    placement_case{
      "PublicRoleOnPublicAgents", "slave_public", 2, "", {}, {}, {}, {"10.0.0.3", "10.0.0.4"}, 0},
    placement_case{"AnyRoleOnPrivateAgents", "*", 2, "", {}, {}, {}, {"10.0.0.1", "10.0.0.2"}, 0},
    placement_case{
      "OwnRoleOnItsAgents", "team", 3, "", {}, {}, {}, {"10.0.0.1", "10.0.0.2", "10.0.0.5"}, 0},
    placement_case{
      "WhatDoesNotFitWaits", "slave_public", 5, "", {}, {}, {}, {"10.0.0.3", "10.0.0.4"}, 3},
    placement_case{
      "LeastLoadedFirst", "*", 1, "", {}, {{"10.0.0.1", 3}, {"10.0.0.2", 1}}, {}, {"10.0.0.2"}, 0},
    placement_case{
      "WhatRunsStays", "*", 1, "", {"10.0.0.1"}, {{"10.0.0.1", 9}}, {}, {"10.0.0.1"}, 0},
    placement_case{"OrderOfInstancesIsKept",
                   "*",
                   2,
                   "",
                   {"10.0.0.2", "10.0.0.1"},
                   {},
                   {},
                   {"10.0.0.2", "10.0.0.1"},
                   0},
    placement_case{
      "ShrinkingDropsTheLast", "*", 1, "", {"10.0.0.2", "10.0.0.1"}, {}, {}, {"10.0.0.2"}, 0},
    placement_case{
      "MovesWherePortsAreFree", "*", 1, "", {"10.0.0.1"}, {}, {"10.0.0.1"}, {"10.0.0.2"}, 0},
    placement_case{"NothingFree", "*", 1, "", {}, {}, {"10.0.0.1", "10.0.0.2"}, {}, 1},
    placement_case{"NoInstancesWanted", "*", 0, "", {"10.0.0.1"}, {}, {}, {}, 0},
    placement_case{"AgentIsGone", "*", 1, "", {"10.9.9.9"}, {}, {}, {"10.0.0.1"}, 0},
    placement_case{"Unique", "*", 2, "hostname:UNIQUE", {}, {}, {}, {"10.0.0.1", "10.0.0.2"}, 0},
    placement_case{"GuidesExample",
                   "*",
                   2,
                   R"([["hostname","MAX_PER","1"],["@zone","GROUP_BY","3"]])",
                   {},
                   {},
                   {},
                   {"10.0.0.1", "10.0.0.2"},
                   0},
    placement_case{"Cluster", "*", 1, "hostname:CLUSTER:10.0.0.2", {}, {}, {}, {"10.0.0.2"}, 0},
    placement_case{"PublicAddressCounts",
                   "slave_public",
                   1,
                   "hostname:CLUSTER:192.0.2.4",
                   {},
                   {},
                   {},
                   {"10.0.0.4"},
                   0},
    placement_case{
      "Like", "*", 2, R"([["hostname","LIKE","10\\.0\\.0\\.[2-9]"]])", {}, {}, {}, {"10.0.0.2"}, 1},
    placement_case{
      "Unlike", "*", 1, R"([["hostname","UNLIKE",".*\\.1"]])", {}, {}, {}, {"10.0.0.2"}, 0},
    placement_case{"AttributeNobodyHas", "*", 1, "rack:CLUSTER:a", {}, {}, {}, {}, 1}),
  [](const auto& one) { return std::string(one.param.name); });

TEST(AgentRange, SplitsIntoPrivateAndPublicAgents) {
  const auto agents = agents_from_range("127.0.64.0/26").value();
  ASSERT_EQ(agents.size(), 30U);
  EXPECT_EQ(agents.front(), (agent{{"127.0.64.1"}, {}, "*"}));
  EXPECT_EQ(agents[14], (agent{{"127.0.64.15"}, {}, "*"}));
  EXPECT_EQ(agents[15], (agent{{"127.0.64.16"}, {"127.0.64.48"}, public_role}));
  EXPECT_EQ(agents.back(), (agent{{"127.0.64.30"}, {"127.0.64.62"}, public_role}));
}

TEST(AgentRange, SmallestHasOneOfEach) {
  const auto agents = agents_from_range("127.0.64.8/29").value();
  ASSERT_EQ(agents.size(), 2U);
  EXPECT_EQ(agents[0], (agent{{"127.0.64.9"}, {}, "*"}));
  EXPECT_EQ(agents[1], (agent{{"127.0.64.10"}, {"127.0.64.14"}, public_role}));
}

TEST(AgentRange, OfIpv6IsSplitInTheSameWay) {
  const auto agents = agents_from_range("fd00::1:40/122").value();
  ASSERT_EQ(agents.size(), 30U);
  EXPECT_EQ(agents.front(), (agent{{"fd00::1:41"}, {}, "*"}));
  EXPECT_EQ(agents.back(), (agent{{"fd00::1:5e"}, {"fd00::1:7e"}, public_role}));
}

TEST(AgentRange, OfBothFamiliesGivesEachAgentBoth) {
  const auto agents = agents_from_range("127.0.64.0/29,fd00::/125").value();
  ASSERT_EQ(agents.size(), 2U);
  EXPECT_EQ(agents[0], (agent{{"127.0.64.1", "fd00::1"}, {}, "*"}));
  EXPECT_EQ(agents[1], (agent{{"127.0.64.2", "fd00::2"}, {"127.0.64.6", "fd00::6"}, public_role}));
}

TEST(AgentRange, RefusesWhatIsNone) {
  for (const char* range :
       {"", "127.0.64.0", "127.0.64.0/", "127.0.64.0/30", "127.0.0.0/8", "x/26", "127.0.64.0/26 ",
        "::1/64", "fd00::/126", "fd00::/111", "127.0.64.0/26,", "127.0.64.0/26,fd00::/121",
        "127.0.64.0/26,127.0.65.0/26", "127.0.64.0/26,fd00::/122,fd01::/122"})
    EXPECT_FALSE(agents_from_range(range).has_value()) << range;
}

TEST(Agent, StatisticsAreNeverOnThePublicAddress) {
  EXPECT_EQ((agent{{"10.0.0.1"}, {"192.0.2.1"}}).statistics_address(), "10.0.0.1");
  EXPECT_EQ((agent{{"10.0.0.1"}, {}}).statistics_address(), "10.0.0.1");
  EXPECT_EQ((agent{{"192.0.2.10"}, {"192.0.2.10"}}).statistics_address(), "127.0.2.10");
  EXPECT_EQ((agent{{"fd00::1"}, {"fd00::1"}}).statistics_address(), "::1");
}

TEST(AgentsFile, ReadsAddressesAndRoles) {
  const auto agents =
    agents_from_json(R"([{"private": "10.0.0.1"}, {"private": "10.0.0.2", "public": "192.0.2.1"},
                         {"private": "fd00::1", "role": "edge"},
                         {"private": ["10.0.0.3", "FD00:0::3"], "public": ["192.0.2.3", "fd00::33"]}])")
      .value();
  EXPECT_EQ(agents[0].role, "*");
  EXPECT_EQ(agents[1].role, public_role);
  EXPECT_EQ(agents[2].role, "edge");
  EXPECT_EQ(agents[3], (agent{{"10.0.0.3", "fd00::3"}, {"192.0.2.3", "fd00::33"}, public_role}));
}

TEST(AgentsFile, RefusesWhatIsNone) {
  for (const char* text :
       {"", "{}", "[]", "[{}]", R"([{"private": "host"}])",
        R"([{"private": "10.0.0.1", "public": "x"}])", R"([{"private": []}])",
        R"([{"private": ["10.0.0.1", "x"]}])", R"([{"private": "10.0.0.1", "public": [7]}])",
        R"([{"private": "10.0.0.1"}, {"private": ["10.0.0.2", "10.0.0.1"]}])",
        R"([{"private": "10.0.0.1"}, {"private": "10.0.0.1"}])"})
    EXPECT_FALSE(agents_from_json(text).has_value()) << text;
}

/// A pool on loopback addresses that nothing else binds: plans probe for real.
document pool_with(const char* name, int port, int stats_port = 0) {
  return complete_pool({{"name", name},
                        {"role", "*"},
                        {"haproxy",
                         {{"stats", {{"bindPort", stats_port}}},
                          {"frontends", {{{"name", "in"}, {"bindPort", port}}}}}}})
    .value();
}

pool_record record_of(const document& pool, const pool_layout& layout) {
  pool_record record{pool, layout.ports, {}, {}};
  for (const auto& where : layout.agents)
    record.instances.push_back({"id", where.name()});
  return record;
}

const std::vector<agent> two_agents{{{"127.99.0.1"}, {}, "*"}, {{"127.99.0.2"}, {}, "*"}};

TEST(Planner, FreePortsStayAsLongAsTheFrontendLives) {
  planner plans(two_agents);
  const auto first = plans.plan(pool_with("web", 0), nullptr).value();
  EXPECT_EQ(first.ports.at(stats_key), 9090);
  EXPECT_GE(first.ports.at("frontend/in"), 10000);
  const auto record = record_of(pool_with("web", 0), first);
  plans.settle(record);
  auto more = record.pool;
  more["haproxy"]["frontends"].push_back(
    {{"name", "second"}, {"bindAddress", "0.0.0.0"}, {"bindPort", 0}});
  const auto second = plans.plan(more, &record).value();
  EXPECT_EQ(second.ports.at(stats_key), first.ports.at(stats_key));
  EXPECT_EQ(second.ports.at("frontend/in"), first.ports.at("frontend/in"));
  EXPECT_NE(second.ports.at("frontend/second"), first.ports.at("frontend/in"));
}

TEST(Planner, FreePortMakesWayForAFixedOne) {
  planner plans(two_agents);
  const auto first = plans.plan(pool_with("web", 0), nullptr).value();
  const auto record = record_of(pool_with("web", 0), first);
  plans.settle(record);
  const auto second = plans.plan(pool_with("web", 9090), &record).value();
  EXPECT_EQ(second.ports.at("frontend/in"), 9090);
  EXPECT_NE(second.ports.at(stats_key), 9090);
}

TEST(Planner, PoolsOfOnePortGoToDifferentAgentsUntilNoneIsLeft) {
  planner plans(two_agents);
  std::set<std::string> used;
  for (const char* name : {"a", "b"}) {
    const auto layout = plans.plan(pool_with(name, 10080), nullptr).value();
    used.insert(layout.agents.front().name());
    plans.settle(record_of(pool_with(name, 10080), layout));
  }
  EXPECT_EQ(used.size(), 2U);
  const auto third = plans.plan(pool_with("c", 10080), nullptr);
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.failure().http_status, 400);
  EXPECT_NE(third.failure().message.find("belongs to the pool"), std::string::npos);
  plans.release("a");
  EXPECT_TRUE(plans.plan(pool_with("c", 10080), nullptr).has_value());
}

TEST(Planner, CountsThePortsThatAreGivenBack) {
  planner plans(two_agents);
  const auto pool = pool_with("a", 10082);
  const auto record = record_of(pool, plans.plan(pool, nullptr).value());
  plans.settle(record);
  EXPECT_EQ(plans.releases(), 0U) << "nothing was free before";
  plans.settle(record);
  plans.release("nobody");
  EXPECT_EQ(plans.releases(), 0U);
  const auto moved = pool_with("a", 10083);
  plans.settle(record_of(moved, plans.plan(moved, &record).value()));
  EXPECT_EQ(plans.releases(), 1U);
  plans.release("a");
  EXPECT_EQ(plans.releases(), 2U);
}

TEST(Planner, ReservesWhatItGaveBeforeItIsSettled) {
  planner plans({two_agents.front()});
  ASSERT_TRUE(plans.plan(pool_with("a", 10081), nullptr).has_value());
  EXPECT_FALSE(plans.plan(pool_with("b", 10081), nullptr).has_value());
}

/// The agents that get a pool whose frontends bind these addresses.
placement_result placed(int count, const std::vector<std::string>& addresses,
                        const std::vector<std::string>& current = {},
                        const std::set<std::string>& blocked = {}) {
  placement_request request;
  request.role = public_role;
  request.count = count;
  request.addresses = addresses;
  request.current = current;
  request.blocked = [&](const agent& where) {
    return blocked.count(where.name()) != 0 ? std::optional<std::string>("port 80 is taken")
                                            : std::nullopt;
  };
  return place(five, request);
}

std::vector<std::string> names(const placement_result& result) {
  std::vector<std::string> found;
  for (const auto& one : result.agents)
    found.push_back(one.name());
  return found;
}

using strings = std::vector<std::string>;

TEST(PlacementOfAnAddress, GoesToTheAgentThatHasIt) {
  EXPECT_EQ(names(placed(1, {"192.0.2.4"})), strings{"10.0.0.4"});
  EXPECT_EQ(names(placed(1, {"10.0.0.4"})), strings{"10.0.0.4"});
  EXPECT_EQ(names(placed(1, {"2001:db8::3"})), strings{"10.0.0.3"});
}

TEST(PlacementOfAnAddress, MovesAnInstanceThatRunsElsewhere) {
  EXPECT_EQ(names(placed(1, {"192.0.2.4"}, {"10.0.0.3"})), strings{"10.0.0.4"});
  EXPECT_EQ(names(placed(2, {"192.0.2.4"}, {"10.0.0.3"})), (strings{"10.0.0.3", "10.0.0.4"}));
}

TEST(PlacementOfAnAddress, TakesOneAgentForAllOfItsAddresses) {
  EXPECT_EQ(names(placed(1, {"192.0.2.3", "2001:db8::3"})), strings{"10.0.0.3"});
}

TEST(PlacementOfAnAddress, IsUnservedWhereTheAgentIsBlocked) {
  const auto result = placed(1, {"192.0.2.4"}, {}, {"10.0.0.4"});
  EXPECT_EQ(result.unserved, strings{"192.0.2.4"});
  EXPECT_EQ(result.reason, "port 80 is taken");
}

TEST(PlacementOfAnAddress, IsUnservedWhereThereAreFewerInstancesThanMachines) {
  const auto result = placed(1, {"192.0.2.3", "192.0.2.4"});
  EXPECT_EQ(result.unserved, strings{"192.0.2.4"});
  EXPECT_NE(result.reason.find("more machines than it has instances"), std::string::npos);
  EXPECT_TRUE(placed(2, {"192.0.2.3", "192.0.2.4"}).unserved.empty());
  EXPECT_TRUE(placed(0, {"192.0.2.3"}).unserved.empty()) << "nothing is to run";
}

document bound_to(const std::string& address, int port, const std::string& modifier = "") {
  auto pool = pool_with("bound", port);
  pool["haproxy"]["frontends"][0]["bindAddress"] = address;
  pool["haproxy"]["frontends"][0]["bindModifier"] = modifier;
  return pool;
}

std::string refusal_of(planner& plans, const document& pool) {
  const auto planned = plans.plan(pool, nullptr);
  if (planned)
    return {};
  EXPECT_EQ(planned.failure().http_status, 400);
  return planned.failure().message;
}

TEST(Planner, AddressThatNoAgentHasIsRefusedWithTheFreeOnes) {
  planner plans({{{"127.99.0.1"}, {"127.99.0.9", "::1"}, public_role},
                 {{"127.99.0.2"}, {}, "*"},
                 {{"127.99.0.3"}, {}, "*"}});
  EXPECT_EQ(
    refusal_of(plans, bound_to("192.0.2.77", 10084)),
    "no machine of role \"*\" has the address 192.0.2.77; free are: 127.99.0.2, 127.99.0.3");
  const auto other = pool_with("other", 10084);
  plans.settle(record_of(other, plans.plan(other, nullptr).value()));
  EXPECT_EQ(refusal_of(plans, bound_to("192.0.2.77", 10084)),
            "no machine of role \"*\" has the address 192.0.2.77; free are: 127.99.0.3");
  EXPECT_EQ(refusal_of(plans, bound_to("127.99.0.9", 10084)),
            "no machine of role \"*\" has the address 127.99.0.9; free are: 127.99.0.3")
    << "another role's address does not count";
  auto outside = bound_to("192.0.2.77", 0);
  outside["role"] = public_role;
  EXPECT_EQ(refusal_of(plans, outside),
            "no machine of role \"slave_public\" has the address 192.0.2.77; free are: 127.99.0.9, "
            "127.99.0.1")
    << "of the family that is asked for";
}

TEST(Planner, AddressWhosePortIsTakenIsRefusedWithTheFreeOnes) {
  planner plans(two_agents);
  auto first = bound_to("127.99.0.1", 10085);
  first["name"] = "first";
  plans.settle(record_of(first, plans.plan(first, nullptr).value()));
  EXPECT_EQ(refusal_of(plans, bound_to("127.99.0.1", 10085)),
            "the pool cannot have the address 127.99.0.1: port 10085 on 127.99.0.1 belongs to the "
            "pool first; free are: 127.99.0.2");
  EXPECT_EQ(refusal_of(plans, bound_to("127.99.0.2", 10085)), "");
}

TEST(Planner, ConstraintsAreRespectedForAnAddress) {
  planner plans(two_agents);
  auto pool = bound_to("127.99.0.1", 10086);
  pool["constraints"] = "hostname:CLUSTER:127.99.0.2";
  EXPECT_EQ(refusal_of(plans, pool),
            "no machine of role \"*\" has the address 127.99.0.1; free are: 127.99.0.2");
}

TEST(Planner, FamilyThatNoAgentHasIsRefused) {
  planner plans(two_agents);
  EXPECT_NE(refusal_of(plans, bound_to("::", 10087)).find("no machine of role \"*\" has an IPv6"),
            std::string::npos);
  EXPECT_EQ(refusal_of(plans, bound_to("::", 10087, "v4v6")), "");
}

TEST(Planner, InstanceGoesWhereTheFamilyIs) {
  planner plans({two_agents[0], {{"127.99.0.2", "::1"}, {}, "*"}});
  const auto layout = plans.plan(bound_to("::", 0), nullptr).value();
  ASSERT_EQ(layout.agents.size(), 1U);
  EXPECT_EQ(layout.agents.front().name(), "127.99.0.2");
}

struct binding_case {
  const char* name;
  const char* address;
  const char* modifier;
  agent where;
  strings bound;
  strings reached;
};

class Binding : public ::testing::TestWithParam<binding_case> {};

TEST_P(Binding, IsOfTheRightAddresses) {
  const auto& given = GetParam();
  const auto listeners = listeners_of(bound_to(given.address, 10088, given.modifier));
  EXPECT_EQ(listeners.at(1).addresses_on(given.where), given.bound);
  EXPECT_EQ(listeners.at(1).reached_on(given.where), given.reached);
}

const agent both{{"10.0.0.1", "fd00::1"}, {"192.0.2.1", "2001:db8::1"}, public_role};
const agent ipv4_only{{"10.0.0.1"}, {}, "*"};
const agent ipv6_only{{"fd00::1"}, {}, "*"};
const agent behind_nat{{"10.0.0.1", "fd00::1"}, {"192.0.2.1"}, public_role, {"192.0.2.1"}};

INSTANTIATE_TEST_SUITE_P(
  Table, Binding,
  ::testing::Values(
    binding_case{"Ipv4", "0.0.0.0", "", both, {"10.0.0.1", "192.0.2.1"}, {"10.0.0.1", "192.0.2.1"}},
    binding_case{"Ipv6", "::", "", both, {"fd00::1", "2001:db8::1"}, {"fd00::1", "2001:db8::1"}},
    binding_case{"Both",
                 "::",
                 "v4v6",
                 both,
                 {"10.0.0.1", "fd00::1", "192.0.2.1", "2001:db8::1"},
                 {"10.0.0.1", "fd00::1", "192.0.2.1", "2001:db8::1"}},
    binding_case{"OnlyIpv6Wins",
                 "::",
                 "v4v6 v6only",
                 both,
                 {"fd00::1", "2001:db8::1"},
                 {"fd00::1", "2001:db8::1"}},
    binding_case{"Ipv6OnIpv4", "::", "", ipv4_only, {}, {}},
    binding_case{"BothOnIpv4", "::", "v4v6", ipv4_only, {"10.0.0.1"}, {"10.0.0.1"}},
    binding_case{"DefaultOnIpv6", "0.0.0.0", "", ipv6_only, {"fd00::1"}, {"fd00::1"}},
    binding_case{"Fixed", "192.0.2.1", "", both, {"192.0.2.1"}, {"192.0.2.1"}},
    binding_case{"FixedInAnotherForm", "FD00:0:0::1", "", both, {"fd00::1"}, {"fd00::1"}},
    binding_case{"FixedElsewhere", "192.0.2.2", "", both, {}, {}},
    binding_case{"Translated", "0.0.0.0", "", behind_nat, {"10.0.0.1"}, {"10.0.0.1", "192.0.2.1"}},
    binding_case{"TranslatedIsOfIpv4", "::", "", behind_nat, {"fd00::1"}, {"fd00::1"}},
    binding_case{"FixedTranslated", "192.0.2.1", "", behind_nat, {"10.0.0.1"}, {"192.0.2.1"}}),
  [](const auto& one) { return std::string(one.param.name); });

} // namespace
} // namespace dklb::edgelb
