#include "tests/domain/support/plan_support.hpp"

#include <gmock/gmock.h>

namespace dklb::domain::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

pool_claim paused(pool_claim claim) {
  claim.paused = true;
  return claim;
}

TEST(PoolPause, NeverCreatesThePool) {
  const auto plan = checked_plan(input(std::nullopt, {paused(claim("a1", {80}))}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_THAT(plan.refusals, IsEmpty());
}

TEST(PoolPause, AddsChangesAndRemovesNothingOfTheService) {
  const auto actual = settled({claim("a1", {80, 81})});
  for (const auto& wish : {claim("a1", {80, 82}), bound_to(claim("a1", {80, 81}), {90, 91}),
                           with(claim("a1", {80}), [](auto& each) { each.size = 4; })})
    EXPECT_EQ(checked_plan(input(actual, {paused(wish)}, {key("a1")})).action, pool_action::none);
}

TEST(PoolPause, LetsTheOthersGoOn) {
  const auto plan = checked_plan(
    input(settled({claim("a1", {80})}), {paused(claim("a1", {81})), claim("b2", {81})}));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("a1", 80), own("b2", 81)));
  EXPECT_THAT(plan.refusals, IsEmpty());
}

TEST(PoolPause, KeepsThePortsThatTheServiceBinds) {
  const auto plan = checked_plan(input(
    settled({claim("b2", {80})}), {claim("a1", {80}), paused(bound_to(claim("b2", {80}), {90}))}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_THAT(only_refusal(plan, "a1").message, HasSubstr("service default/b2"));
}

TEST(PoolPause, KeepsTheSettingsThatThePoolHasFromTheService) {
  const auto sized = [](int size) { return [size](auto& each) { each.size = size; }; };
  const auto actual = settled({with(claim("a1", {80}), sized(3))});
  // Its own newer wish waits, and a younger one with another size is refused as before the pause.
  const auto plan = checked_plan(
    input(actual, {paused(with(claim("a1", {80}), sized(5))), with(claim("b2", {81}), sized(2)),
                   with(claim("c3", {82}), sized(3))}));
  EXPECT_EQ(plan.document["count"], 3);
  EXPECT_THAT(only_refusal(plan, "b2").message, HasSubstr("service default/a1"));
  EXPECT_THAT(names(plan.document, "frontends"), ElementsAre(own("a1", 80), own("c3", 82)));
}

TEST(PoolPause, OfAServiceThatHasNothingInThePoolHoldsNothing) {
  const auto plan =
    checked_plan(input(settled({claim("b2", {81})}),
                       {paused(with(claim("a1", {80}), [](auto& each) { each.size = 5; })),
                        with(claim("b2", {81}), [](auto& each) { each.size = 2; })}));
  EXPECT_EQ(plan.document["count"], 2);
}

TEST(PoolPause, KeepsACloudProviderPoolToItself) {
  const auto cloud = with(claim("a1", {80}), [](auto& each) { each.cloud_provider = "{}"; });
  const auto plan = checked_plan(input(settled({cloud}), {paused(cloud), claim("b2", {81})}));
  EXPECT_EQ(plan.action, pool_action::none);
  EXPECT_EQ(only_refusal(plan, "b2").reason, refusal_reason::pool_conflict);
}

} // namespace
} // namespace dklb::domain::testing
