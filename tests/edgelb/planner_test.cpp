#include "edgelb/pools/planner.hpp"
#include "edgelb/rules/pool_schema.hpp"

#include <gtest/gtest.h>

#include <set>

namespace dklb::edgelb {
namespace {

using strings = std::vector<std::string>;

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
