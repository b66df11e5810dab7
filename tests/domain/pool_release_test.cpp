#include "tests/domain/plan_support.hpp"

#include <gmock/gmock.h>

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
  const auto plan = checked_plan(given);
  EXPECT_EQ(plan.action == pool_action::remove, param.removed) << to_string(plan.action);
  EXPECT_EQ(plan.plan_again, param.removed && param.refused_claimant);
}

using enum creation_strategy;
INSTANTIATE_TEST_SUITE_P(
  Table, PoolRemoval,
  ::testing::Values(
    removal_case{"LastObjectReleased", true, false, false, true, false, {}, true},
    removal_case{"CreatedByUsAndEmptiedByHand", false, true, false, true, false, {}, true},
    removal_case{"NeverOurs", false, false, false, true, false, {}, false},
    removal_case{"SomethingForeignLeft", true, true, true, true, false, {}, false},
    removal_case{"NobodyReleases", false, true, false, false, false, {}, false},
    removal_case{"TheLeavingServiceSaidNever", true, true, false, true, true, {}, false},
    removal_case{"ARefusedClaimSaysNever", true, true, false, true, false, never, false},
    removal_case{"ARefusedClaimMayCreateItAnew", true, true, false, true, false, if_not_present,
                 true}),
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

TEST_P(PoolReleaseLinked, LeavesTheBackendOfAForeignFrontendWithoutServers) {
  const auto actual = linked_pool();
  const auto plan = checked_plan(input(actual, {}, {key("a1")}));
  ASSERT_EQ(plan.action, pool_action::replace);
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre("manual"));
  const auto& left = find(plan.document, "backends", own("a1", 80));
  EXPECT_EQ(left["services"], pool_document::array());
  EXPECT_THAT(owners_in(cluster, actual), ElementsAre(key("a1")));
  EXPECT_THAT(owners_in(cluster, plan.document), IsEmpty());
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
