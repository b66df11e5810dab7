// What the nodes and the families of a Service make of its part of a pool.
#include "domain/document/pool_document.hpp"
#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

namespace dklb::domain::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> servers(const pool_document& pool, std::string_view name, int port) {
  std::vector<std::string> out;
  for (const auto& server : items(member(find(pool, "backends", own(name, port)), "services")))
    out.emplace_back(text(member(member(server, "endpoint"), "address")));
  return out;
}

std::string bound_as(const pool_document& pool, std::string_view name, int port) {
  const auto& frontend = find(pool, "frontends", own(name, port));
  const auto modifier = text(member(frontend, "bindModifier"));
  return std::string{text(member(frontend, "bindAddress"))}
         + (modifier.empty() ? "" : " " + std::string{modifier});
}

pool_claim of_families(pool_claim claim, ip_families families) {
  claim.families = families;
  return claim;
}

listed_node not_ready(listed_node what) {
  what.ready = what.proven = false;
  return what;
}

const listed_node dual = ready_node("n1", {"10.0.0.1", "2001:db8::1"});

// -- families

TEST(PoolFamilies, ServersAndFrontendsAreOfTheServicesFamilies) {
  using enum ip_families;
  const std::tuple<ip_families, std::vector<std::string>, const char*> cases[]{
    {unknown, {"10.0.0.1"}, "0.0.0.0"},
    {ipv4, {"10.0.0.1"}, "0.0.0.0"},
    {ipv6, {"2001:db8::1"}, "::"},
    {ipv4_ipv6, {"10.0.0.1", "2001:db8::1"}, ":: v4v6"},
    {ipv6_ipv4, {"2001:db8::1", "10.0.0.1"}, ":: v4v6"},
  };
  for (const auto& [families, addresses, bound] : cases) {
    const auto plan =
      checked_plan(input(pool(), {of_families(claim("a1", {80}), families)}), over_nodes({dual}));
    EXPECT_EQ(servers(plan.document, "a1", 80), addresses);
    EXPECT_EQ(bound_as(plan.document, "a1", 80), bound);
    EXPECT_THAT(plan.notices, IsEmpty());
  }
}

TEST(PoolFamilies, AnIpv4ServiceChangesNothingInThePoolOfTheLastRelease) {
  const auto before = plan_pool(over_nodes({dual}), input(pool(), {claim("a1", {80})})).document;
  const auto plan = checked_plan(input(before, {of_families(claim("a1", {80}), ip_families::ipv4)}),
                                 over_nodes({dual}));
  EXPECT_EQ(plan.action, pool_action::none);
}

TEST(PoolFamilies, AChangeMovesTheFrontendWithoutAnythingLeftBehind) {
  using enum ip_families;
  const auto settings = over_nodes({dual});
  auto actual = pool();
  for (const auto& [families, bound] : std::vector<std::pair<ip_families, const char*>>{
         {ipv4_ipv6, ":: v4v6"}, {ipv6, "::"}, {ipv6_ipv4, ":: v4v6"}, {ipv4, "0.0.0.0"}}) {
    const auto plan =
      checked_plan(input(actual, {of_families(claim("a1", {80}), families)}), settings);
    ASSERT_EQ(plan.action, pool_action::replace);
    EXPECT_EQ(bound_as(plan.document, "a1", 80), bound);
    actual = plan.document;
  }
}

TEST(PoolFamilies, WordsOfOthersInTheModifierStay) {
  using enum ip_families;
  auto actual = plan_pool(mesos_mode(), input(pool(), {claim("a1", {80})})).document;
  actual["haproxy"]["frontends"][0]["bindModifier"] = "accept-proxy";
  for (const auto& [families, bound] :
       std::vector<std::pair<ip_families, const char*>>{{ipv4, "0.0.0.0 accept-proxy"},
                                                        {ipv4_ipv6, ":: accept-proxy v4v6"},
                                                        {ipv6, ":: accept-proxy"}}) {
    const auto given = input(actual, {of_families(claim("a1", {80}), families)});
    const auto plan = checked_plan(given);
    actual = *carried_out(given, plan);
    EXPECT_EQ(bound_as(actual, "a1", 80), bound);
  }
  actual["haproxy"]["frontends"][0]["bindAddress"] = "0.0.0.0";
  actual["haproxy"]["frontends"][0]["bindModifier"] = "v4v6";
  EXPECT_EQ(checked_plan(input(actual, {claim("a1", {80})})).action, pool_action::none)
    << "not dklb's word";
}

TEST(PoolFamilies, ANodeWithoutAnAddressOfThemIsLeftOutAndNamed) {
  const auto plan = checked_plan(input(pool(), {of_families(claim("a1", {80}), ip_families::ipv6)}),
                                 over_nodes({dual, ready_node("n2", {"10.0.0.2"})}));
  EXPECT_THAT(servers(plan.document, "a1", 80), ElementsAre("2001:db8::1"));
  const auto& notice = plan.notices.at(ip_families::ipv6);
  EXPECT_FALSE(notice.none);
  EXPECT_THAT(notice.message, HasSubstr("n2"));
}

TEST(PoolFamilies, ServicesOfDifferentFamiliesShareAPool) {
  using enum ip_families;
  const auto plan = checked_plan(
    input(pool(), {of_families(claim("a1", {80}), ipv4), of_families(claim("b2", {81}), ipv6)}),
    over_nodes({ready_node("n1", {"10.0.0.1"}), ready_node("n2", {"2001:db8::2"})}));
  EXPECT_THAT(servers(plan.document, "a1", 80), ElementsAre("10.0.0.1"));
  EXPECT_THAT(servers(plan.document, "b2", 81), ElementsAre("2001:db8::2"));
  EXPECT_THAT(plan.notices.at(ipv4).message, HasSubstr("n2"));
  EXPECT_THAT(plan.notices.at(ipv6).message, HasSubstr("n1"));
}

// -- nodes

TEST(PoolNodes, ANodeThatJoinsOrLeavesIsOneWrite) {
  const std::vector<pool_claim> claims{claim("a1", {80}), claim("b2", {81, 82})};
  auto actual = plan_pool(over_nodes({dual}), input(pool(), claims)).document;
  const auto joined =
    checked_plan(input(actual, claims), over_nodes({dual, ready_node("n2", {"10.0.0.2"})}));
  EXPECT_EQ(joined.action, pool_action::replace);
  for (const auto& [name, port] :
       std::vector<std::pair<const char*, int>>{{"a1", 80}, {"b2", 81}, {"b2", 82}})
    EXPECT_THAT(servers(joined.document, name, port), ElementsAre("10.0.0.1", "10.0.0.2"));
  auto leaving = dual;
  leaving.excluded = true;
  const auto left = checked_plan(input(joined.document, claims),
                                 over_nodes({leaving, ready_node("n2", {"10.0.0.2"})}));
  EXPECT_THAT(servers(left.document, "b2", 82), ElementsAre("10.0.0.2"));
}

TEST(PoolNodes, ARestartWritesNothingForNodesThatAreNotReady) {
  const auto other = ready_node("n2", {"10.0.0.2"});
  const auto given = input(pool(), {claim("a1", {80})});
  const auto before = plan_pool(over_nodes({dual, other}), given).document;
  const auto plan =
    checked_plan(input(before, {claim("a1", {80})}),
                 over_nodes({dual, not_ready(other), not_ready(ready_node("n3", {"10.0.0.3"}))}));
  EXPECT_EQ(plan.action, pool_action::none) << "n2 stays, n3 waits until it is Ready";
}

TEST(PoolNodes, ANewPortGetsTheNodesThatThePoolHas) {
  const auto other = ready_node("n2", {"10.0.0.2"});
  const auto before =
    plan_pool(over_nodes({dual, other}), input(pool(), {claim("a1", {80})})).document;
  const auto plan =
    checked_plan(input(before, {claim("a1", {80, 81})}), over_nodes({dual, not_ready(other)}));
  EXPECT_THAT(servers(plan.document, "a1", 81), ElementsAre("10.0.0.1", "10.0.0.2"));
}

TEST(PoolNodes, ANodeOfAPoolThatIsNotOursIsNoNodeOfOurs) {
  const auto actual = pool(R"([])", R"([{"name": "foreign", "services": [{"endpoint":
    {"type": "ADDRESS", "address": "10.0.0.2", "port": 80}}]}])");
  const auto plan = checked_plan(input(actual, {claim("a1", {80})}),
                                 over_nodes({dual, not_ready(ready_node("n2", {"10.0.0.2"}))}));
  EXPECT_THAT(servers(plan.document, "a1", 80), ElementsAre("10.0.0.1"));
}

TEST(PoolNodes, WithoutAnyTheServersStayAndItIsSaid) {
  const std::vector<pool_claim> claims{claim("a1", {80})};
  const auto before = plan_pool(over_nodes({dual}), input(pool(), claims)).document;
  const auto gone = checked_plan(input(before, claims), over_nodes({}));
  EXPECT_EQ(gone.action, pool_action::none);
  const auto& notice = gone.notices.at(ip_families::unknown);
  EXPECT_TRUE(notice.none);
  EXPECT_THAT(notice.message, HasSubstr("the cluster has no nodes"));
  const auto fresh =
    checked_plan(input(pool(), claims), over_nodes({not_ready(ready_node("n2", {"10.0.0.2"}))}));
  EXPECT_THAT(servers(fresh.document, "a1", 80), ElementsAre(no_server_address));
  EXPECT_THAT(fresh.notices.at(ip_families::unknown).message, HasSubstr("not Ready yet: n2"));
}

TEST(PoolNodes, NothingIsSaidOfThemWhereTheyAreNotUsedOrNotKnown) {
  EXPECT_THAT(checked_plan(input(pool(), {claim("a1", {80})})).notices, IsEmpty());
  auto unknown = over_nodes({});
  unknown.nodes = nullptr;
  EXPECT_THAT(checked_plan(input(pool(), {claim("a1", {80})}), unknown).notices, IsEmpty());
}

TEST(PoolNodes, OnlyAcceptedClaimsAreTold) {
  const auto plan =
    checked_plan(input(pool(), {of_families(claim("a1", {80}), ip_families::ipv4),
                                of_families(claim("b2", {80}), ip_families::ipv4_ipv6)}),
                 over_nodes({}));
  EXPECT_EQ(plan.notices.size(), 1U);
  EXPECT_TRUE(plan.notices.contains(ip_families::ipv4));
}

// -- addresses

pool_claim at(pool_claim claim, const std::string& address) {
  claim.bind_address = address;
  return claim;
}

TEST(PoolAddress, TheFrontendsBindIt) {
  auto plan = checked_plan(input(pool(), {at(claim("a1", {80, 81}), "192.0.2.10")}));
  EXPECT_EQ(bound_as(plan.document, "a1", 80), "192.0.2.10");
  EXPECT_EQ(bound_as(plan.document, "a1", 81), "192.0.2.10");
  plan = checked_plan(input(plan.document, {claim("a1", {80, 81})}));
  EXPECT_EQ(bound_as(plan.document, "a1", 80), "0.0.0.0");
}

struct overlap_case {
  pool_claim older;
  pool_claim younger;
  bool conflict;
};

TEST(PoolAddress, OnePortIsAConflictOnlyWhereTheAddressesOverlap) {
  using enum ip_families;
  const auto a = claim("a1", {80});
  const auto b = claim("b2", {80});
  const overlap_case cases[]{
    {at(a, "192.0.2.10"), at(b, "192.0.2.11"), false},
    {at(a, "192.0.2.10"), at(b, "192.0.2.10"), true},
    {at(a, "192.0.2.10"), b, true},
    {a, at(b, "192.0.2.10"), true},
    {a, at(b, "2001:db8::10"), false},
    {of_families(a, ipv6), at(b, "2001:db8::10"), true},
    {of_families(a, ipv6), at(b, "192.0.2.10"), false},
    {of_families(a, ipv4_ipv6), at(b, "192.0.2.10"), true},
    {of_families(a, ipv4_ipv6), at(b, "2001:db8::10"), true},
    {of_families(a, ipv4), of_families(b, ipv6), false},
    {of_families(a, ipv6_ipv4), of_families(b, ipv4), true},
    {of_families(a, ipv6), of_families(b, ipv4_ipv6), true},
  };
  for (const auto& [older, younger, conflict] : cases) {
    const auto plan = checked_plan(input(pool(), {older, younger}));
    EXPECT_EQ(plan.refusals.contains(key("b2")), conflict)
      << older.bind_address << " " << younger.bind_address;
    EXPECT_FALSE(plan.refusals.contains(key("a1")));
    // The same where the older one is in the pool already.
    const auto alone = checked_plan(input(pool(), {older}));
    EXPECT_EQ(checked_plan(input(alone.document, {older, younger})).refusals.contains(key("b2")),
              conflict);
  }
}

TEST(PoolAddress, WhatIsNotOursAndBindsIpv6CountsAsBoth) {
  for (const char* frontend : {R"([{"name": "x", "bindAddress": "::", "bindPort": 80}])",
                               R"([{"name": "x", "bindPort": 80}])",
                               R"([{"name": "x", "bindAddress": "eth0", "bindPort": 80}])"}) {
    const auto plan = checked_plan(input(pool(frontend), {claim("a1", {80})}));
    EXPECT_TRUE(plan.refusals.contains(key("a1"))) << frontend;
  }
  const auto apart = checked_plan(
    input(pool(R"([{"name": "x", "bindAddress": "::", "bindModifier": "v6only", "bindPort": 80}])"),
          {claim("a1", {80})}));
  EXPECT_THAT(apart.refusals, IsEmpty());
}

TEST(PoolAddress, ARefusedServiceKeepsTheSocketThatItBinds) {
  using enum ip_families;
  const auto six = of_families(claim("a1", {80}), ipv6);
  const auto four = of_families(claim("b2", {80}), ipv4);
  const auto both = checked_plan(input(pool(), {six, four}));
  ASSERT_THAT(both.refusals, IsEmpty());
  // The older one wants IPv4, too, which the younger one binds.
  const auto plan =
    checked_plan(input(both.document, {of_families(claim("a1", {80}), ipv4_ipv6), four}));
  EXPECT_TRUE(plan.refusals.contains(key("a1")));
  EXPECT_EQ(plan.action, pool_action::none);
}

TEST(PoolAddress, WhatOneThatCannotBeServedKeepsIsKeptBesideWhatAPausedOneHolds) {
  auto paused = at(claim("a1", {80}), "192.0.2.1");
  auto broken = claim("b2", {81});
  auto actual = checked_plan(input(pool(), {paused, broken})).document;
  // As nobody would write it: both have the port 80.
  actual["haproxy"]["frontends"][1]["bindPort"] = 80;
  paused.paused = true;
  broken = claim("b2", {80});
  broken.ports.front().node_port = 0;
  const auto plan =
    checked_plan(input(actual, {paused, broken, at(claim("c3", {80}), "192.0.2.2")}));
  EXPECT_TRUE(plan.refusals.contains(key("c3"))) << "b2 binds every address";
}

} // namespace
} // namespace dklb::domain::testing
