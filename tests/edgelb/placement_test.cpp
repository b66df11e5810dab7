#include "edgelb/pools/planner.hpp"
#include "edgelb/rules/pool_schema.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dklb::edgelb {
namespace {

const std::vector<agent> five{{"10.0.0.1", "", "*"},
                              {"10.0.0.2", "", "*"},
                              {"10.0.0.3", "192.0.2.3", public_role},
                              {"10.0.0.4", "192.0.2.4", public_role},
                              {"10.0.0.5", "", "team"}};

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
                            given.current,
                            given.load,
                            [&](const agent& where) -> std::optional<std::string> {
                              if (given.blocked.count(where.private_address) == 0)
                                return {};
                              return "port 80 is taken";
                            }};
  const auto placed = place(five, request);
  std::vector<std::string> where;
  for (const auto& one : placed.agents)
    where.push_back(one.private_address);
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
  EXPECT_EQ(agents.front(), (agent{"127.0.64.1", "", "*"}));
  EXPECT_EQ(agents[14], (agent{"127.0.64.15", "", "*"}));
  EXPECT_EQ(agents[15], (agent{"127.0.64.16", "127.0.64.48", public_role}));
  EXPECT_EQ(agents.back(), (agent{"127.0.64.30", "127.0.64.62", public_role}));
}

TEST(AgentRange, SmallestHasOneOfEach) {
  const auto agents = agents_from_range("127.0.64.8/29").value();
  ASSERT_EQ(agents.size(), 2U);
  EXPECT_EQ(agents[0], (agent{"127.0.64.9", "", "*"}));
  EXPECT_EQ(agents[1], (agent{"127.0.64.10", "127.0.64.14", public_role}));
}

TEST(AgentRange, RefusesWhatIsNone) {
  for (const char* range : {"", "127.0.64.0", "127.0.64.0/", "127.0.64.0/30", "127.0.0.0/8", "x/26",
                            "127.0.64.0/26 ", "::1/64"})
    EXPECT_FALSE(agents_from_range(range).has_value()) << range;
}

TEST(Agent, StatisticsAreNeverOnThePublicAddress) {
  EXPECT_EQ((agent{"10.0.0.1", "192.0.2.1"}).statistics_address(), "10.0.0.1");
  EXPECT_EQ((agent{"10.0.0.1", ""}).statistics_address(), "10.0.0.1");
  EXPECT_EQ((agent{"192.0.2.10", "192.0.2.10"}).statistics_address(), "127.0.2.10");
  EXPECT_EQ((agent{"fd00::1", "fd00::1"}).statistics_address(), "::1");
}

TEST(AgentsFile, ReadsAddressesAndRoles) {
  const auto agents =
    agents_from_json(R"([{"private": "10.0.0.1"}, {"private": "10.0.0.2", "public": "192.0.2.1"},
                         {"private": "fd00::1", "role": "edge"}])")
      .value();
  EXPECT_EQ(agents[0].role, "*");
  EXPECT_EQ(agents[1].role, public_role);
  EXPECT_EQ(agents[2].role, "edge");
}

TEST(AgentsFile, RefusesWhatIsNone) {
  for (const char* text : {"", "{}", "[]", "[{}]", R"([{"private": "host"}])",
                           R"([{"private": "10.0.0.1", "public": "x"}])",
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
    record.instances.push_back({"id", where.private_address});
  return record;
}

const std::vector<agent> two_agents{{"127.99.0.1", "", "*"}, {"127.99.0.2", "", "*"}};

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
    used.insert(layout.agents.front().private_address);
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

} // namespace
} // namespace dklb::edgelb
