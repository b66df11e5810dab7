#include "edgelb/pools/placement.hpp"

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

} // namespace
} // namespace dklb::edgelb
