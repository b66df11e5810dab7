#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace dklb::domain::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* foreign_frontend =
  R"([{"name": "manual", "bindPort": 9999, "linkBackend": {"defaultBackend": "manual"}}])";

TEST(PoolRelease, RemovesExactlyWhatTheServiceOwns) {
  auto actual = settled({claim("a1", {80, 81}), claim("b2", {82})});
  actual["haproxy"]["frontends"].push_back({{"name", "manual"}, {"bindPort", 9999}});
  const auto plan = checked_plan(input(actual, {claim("b2", {82})}, {key("a1")}));
  ASSERT_EQ(plan.action, pool_action::replace);
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("b2", 82), "manual"));
  EXPECT_THAT(names(plan.document, "backends"), ElementsAre(own("b2", 82)));
  EXPECT_FALSE(plan.relaunches);
  EXPECT_THAT(plan.changes,
              ElementsAre("remove frontend " + own("a1", 80), "remove frontend " + own("a1", 81),
                          "remove backend " + own("a1", 80), "remove backend " + own("a1", 81)));
}

TEST(PoolRelease, AbsenceOfAClaimRemovesNothing) {
  const auto actual = settled({claim("a1", {80}), claim("b2", {81})});
  auto given = input(actual, {claim("b2", {81})});
  given.held_ours = true;
  EXPECT_EQ(checked_plan(given).action, pool_action::none);
  given.claims.clear();
  EXPECT_EQ(checked_plan(given).action, pool_action::none);
}

TEST(PoolRelease, AddedOneSaysWhetherThePoolStays) {
  pool_plan_input given;
  add_release(given, key("a1"), creation_strategy::if_not_present);
  EXPECT_FALSE(given.keep_when_empty || given.strategy_unknown);
  add_release(given, key("b2"), std::nullopt);
  EXPECT_TRUE(given.strategy_unknown);
  add_release(given, key("c3"), creation_strategy::never);
  EXPECT_TRUE(given.keep_when_empty);
  EXPECT_THAT(given.releases, ElementsAre(key("a1"), key("b2"), key("c3")));
}

struct leaving_case {
  const char* name;
  std::vector<std::pair<const char*, creation_strategy>> claims; ///< pool and strategy
  std::optional<std::string> annotation;
  std::optional<creation_strategy> expected; ///< on leaving "shared"
};

class StrategyOnLeaving : public ::testing::TestWithParam<leaving_case> {};

TEST_P(StrategyOnLeaving, IsWhatClaimsAndAnnotationSay) {
  std::vector<pool_claim> claims;
  for (const auto& [pool, creation] : GetParam().claims)
    claims.push_back(with(claim("a1", {80}), [&](auto& each) {
      each.pool = pool;
      each.creation = creation;
    }));
  std::vector<const pool_claim*> known{nullptr};
  for (const auto& each : claims)
    known.push_back(&each);
  EXPECT_EQ(strategy_on_leaving("shared", known, GetParam().annotation), GetParam().expected);
}

constexpr auto may = creation_strategy::if_not_present;
INSTANTIATE_TEST_SUITE_P(
  Table, StrategyOnLeaving,
  ::testing::Values(leaving_case{"NobodyTells", {}, {}, {}},
                    leaving_case{"ClaimOnThePool", {{"shared", may}}, {}, may},
                    leaving_case{"ClaimOnAnother", {{"next", may}}, {}, {}},
                    leaving_case{"ClaimOnAnotherSaysNever",
                                 {{"next", creation_strategy::never}},
                                 {},
                                 creation_strategy::never},
                    leaving_case{"WhatIsSaidOfThePoolCountsMore",
                                 {{"shared", may}, {"next", creation_strategy::never}},
                                 {},
                                 may},
                    leaving_case{"NeverCountsMoreThanTheRest",
                                 {{"shared", may}},
                                 "{name: shared, strategies: {creation: Never}}",
                                 creation_strategy::never},
                    leaving_case{"AnnotationOfThePool", {}, "name: shared", may},
                    leaving_case{"AnnotationWithAStrategy",
                                 {},
                                 "{name: shared, strategies: {creation: Once}}",
                                 creation_strategy::once},
                    leaving_case{"AnnotationWithoutAName", {}, "size: 2", may},
                    leaving_case{"AnnotationOfAnother", {}, "name: next", {}},
                    leaving_case{"AnnotationThatCannotBeRead", {}, "surprise: 1", {}}),
  [](const auto& param) { return param.param.name; });

TEST(PoolRelease, NeverMakesAPoolThatIsGone) {
  auto given = input(std::nullopt, {}, {key("a1")});
  given.held_ours = true;
  EXPECT_EQ(checked_plan(given).action, pool_action::none);
}

TEST(PoolRelease, OfAServiceWithoutObjectsChangesNothing) {
  const auto actual = settled({claim("a1", {80})});
  EXPECT_EQ(checked_plan(input(actual, {claim("a1", {80})}, {key("b2")})).action,
            pool_action::none);
}

TEST(PoolRelease, AClaimOfTheSameServiceOutranksIt) {
  const auto actual = settled({claim("a1", {80})});
  EXPECT_EQ(checked_plan(input(actual, {claim("a1", {80})}, {key("a1")})).action,
            pool_action::none);
}

TEST(PoolRelease, OfAnExcludedServiceStillHappens) {
  auto given = input(settled({claim("a1", {80}), claim("b2", {81})}),
                     {claim("a1", {80}), claim("b2", {81})}, {key("b2")});
  given.excluded = {key("b2")};
  EXPECT_THAT(names(checked_plan(given).document, "frontends"), ElementsAre(own("a1", 80)));
}

TEST(PoolRelease, AnotherClustersObjectsStay) {
  auto actual = pool(R"([{"name": "dev.kubernetes02:default:a1:80", "bindPort": 80},
                         {"name": "dev.kubernetes01:default:a1:81", "bindPort": 81}])");
  const auto plan = checked_plan(input(actual, {}, {key("a1")}));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre("dev.kubernetes02:default:a1:80"));
}

struct removal_case {
  const char* name;
  bool owned;                                        ///< an object of ours is in the pool
  bool held_ours;                                    ///< ... or was
  bool foreign_left;                                 ///< something foreign is in the pool
  bool released;                                     ///< somebody gives the pool up
  bool keep_when_empty;                              ///< ... whose strategy was Never
  bool unknown;                                      ///< ... whose strategy is not known
  bool hand_made;                                    ///< the pool's statistics have a fixed port
  std::optional<creation_strategy> refused_claimant; ///< a claim that the pool refuses
  bool removed;
};

class PoolRemoval : public ::testing::TestWithParam<removal_case> {};

TEST_P(PoolRemoval, NeedsAPoolThatWasOursAndThatNobodyNeeds) {
  const auto& param = GetParam();
  auto actual = param.owned ? settled({claim("a1", {80})}) : pool();
  if (param.foreign_left)
    actual["haproxy"]["frontends"].push_back({{"name", "manual"}, {"bindPort", 9999}});
  std::vector<pool_claim> claims;
  if (param.refused_claimant)
    claims.push_back(with(claim("z9", {80}), [&](auto& each) {
      each.role = "other";
      each.creation = *param.refused_claimant;
    }));
  auto given = input(actual, claims);
  if (param.released)
    given.releases = {key("a1")};
  given.held_ours = param.held_ours;
  given.keep_when_empty = param.keep_when_empty;
  given.strategy_unknown = param.unknown;
  if (param.hand_made)
    given.actual->at("haproxy").at("stats").at("bindPort") = 9090;
  const auto plan = checked_plan(given);
  EXPECT_EQ(plan.action == pool_action::remove, param.removed) << to_string(plan.action);
  EXPECT_EQ(plan.plan_again, param.removed && param.refused_claimant);
}

using enum creation_strategy;
INSTANTIATE_TEST_SUITE_P(
  Table, PoolRemoval,
  ::testing::Values(
    removal_case{"LastObjectReleased", true, false, false, true, false, false, false, {}, true},
    removal_case{
      "CreatedByUsAndEmptiedByHand", false, true, false, true, false, false, false, {}, true},
    removal_case{"NeverOurs", false, false, false, true, false, false, false, {}, false},
    removal_case{"SomethingForeignLeft", true, true, true, true, false, false, false, {}, false},
    removal_case{"NobodyReleases", false, true, false, false, false, false, false, {}, false},
    removal_case{
      "TheLeavingServiceSaidNever", true, true, false, true, true, false, false, {}, false},
    removal_case{"NobodyKnowsWhatItSaidOfAPoolOfOurMaking",
                 true,
                 true,
                 false,
                 true,
                 false,
                 true,
                 false,
                 {},
                 true},
    removal_case{"NobodyKnowsWhatItSaidOfAHandMadePool",
                 true,
                 true,
                 false,
                 true,
                 false,
                 true,
                 true,
                 {},
                 false},
    removal_case{
      "HandMadeButTheStrategyPermits", true, true, false, true, false, false, true, {}, true},
    removal_case{"ARefusedClaimSaysNever", true, true, false, true, false, false, false, never,
                 false},
    removal_case{"ARefusedClaimMayCreateItAnew", true, true, false, true, false, false, false,
                 if_not_present, true}),
  [](const auto& param) { return param.param.name; });

TEST(PoolRemovalAndNewcomer, ANewClaimTakesTheEmptiedPoolOver) {
  const auto plan =
    checked_plan(input(settled({claim("a1", {80})}), {claim("b2", {80})}, {key("a1")}));
  ASSERT_EQ(plan.action, pool_action::replace);
  EXPECT_THAT(plan.refusals, IsEmpty());
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("b2", 80)));
}

class PoolReleaseLinked : public ::testing::TestWithParam<const char*> {
protected:
  static pool_document linked_pool() {
    auto actual = settled({claim("a1", {80})});
    auto foreign = pool_document::parse(foreign_frontend)[0];
    foreign["linkBackend"] = pool_document::parse(GetParam());
    actual["haproxy"]["frontends"].push_back(foreign);
    return actual;
  }
};

TEST_P(PoolReleaseLinked, LeavesTheBackendOfAForeignFrontendWithOneServerThatAnswersNobody) {
  const auto actual = linked_pool();
  const auto plan = checked_plan(input(actual, {}, {key("a1")}));
  ASSERT_EQ(plan.action, pool_action::replace);
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre("manual"));
  const auto& left = find(plan.document, "backends", own("a1", 80));
  EXPECT_EQ(left["services"], pool_document::parse(R"([{"endpoint": {"type": "ADDRESS",
    "address": "127.0.0.1", "port": 1, "check": {"enabled": true}}}])"));
  EXPECT_THAT(owners_in(cluster, actual), ElementsAre(key("a1")));
  EXPECT_THAT(owners_in(cluster, plan.document), IsEmpty());
}

TEST_P(PoolReleaseLinked, KeepsTheBackendWithWhatTheServerFillsIn) {
  auto left = checked_plan(input(linked_pool(), {}, {key("a1")})).document;
  auto& server = left["haproxy"]["backends"][0]["services"][0];
  server["marathon"] = pool_document::object();
  server["endpoint"]["allPorts"] = false;
  EXPECT_THAT(owners_in(cluster, left), IsEmpty());
  EXPECT_EQ(checked_plan(input(left, {}, {key("a1")})).action, pool_action::none);
}

TEST_P(PoolReleaseLinked, FillsABackendThatAnEarlierVersionLeftWithoutServers) {
  auto left = checked_plan(input(linked_pool(), {}, {key("a1")})).document;
  left["haproxy"]["backends"][0]["services"] = pool_document::array();
  EXPECT_THAT(owners_in(cluster, left), IsEmpty());
}

TEST_P(PoolReleaseLinked, LeavesNothingThatMakesThePoolDedicated) {
  auto left = checked_plan(input(linked_pool(), {}, {key("a1")})).document;
  left["cloudProvider"] = {{"aws", {{"elbs", pool_document::array()}}}};
  EXPECT_THAT(checked_plan(input(left, {claim("b2", {81})})).refusals, IsEmpty());
}

TEST_P(PoolReleaseLinked, TakesTheBackendOutOnceNothingLinksToIt) {
  auto left = checked_plan(input(linked_pool(), {}, {key("a1")})).document;
  left["haproxy"]["frontends"].clear();
  EXPECT_THAT(owners_in(cluster, left), ElementsAre(key("a1")));
  EXPECT_EQ(checked_plan(input(left, {}, {key("a1")})).action, pool_action::remove);
}

TEST_P(PoolReleaseLinked, FillsTheBackendAgainWhenTheServiceComesBack) {
  const auto left = checked_plan(input(linked_pool(), {}, {key("a1")})).document;
  const auto plan = checked_plan(input(left, {claim("a1", {80})}));
  EXPECT_EQ(find(plan.document, "backends", own("a1", 80)),
            find(linked_pool(), "backends", own("a1", 80)));
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolReleaseLinked,
  ::testing::Values(R"({"defaultBackend": "dev.kubernetes01:default:a1:80"})",
                    R"({"defaultBackend": "x", "map":
                        [7, {"pathBeg": "/", "backend": "dev.kubernetes01:default:a1:80"}]})"));

} // namespace
} // namespace dklb::domain::testing
