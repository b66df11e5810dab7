// What users own in a pool: a pool of their own, and the part of a paused Service.
#include "tests/actors/pool/pool_fixture.hpp"

#include <gmock/gmock.h>

namespace dklb::actors::testing {
namespace {

using enum domain::creation_strategy;

class PoolOwnership : public PoolActor {
protected:
  static void say_never(domain::pool_claim& wish) { wish.creation = never; }
  static void pause(domain::pool_claim& wish) { wish.paused = true; }
};

TEST_F(PoolOwnership, HandMadePoolStaysAfterTheLastOfSeveralHasLeft) {
  edgelb.pools["p"] = empty_pool();
  start();
  claim("a", 80, say_never);
  claim("b", 81);
  advance(milliseconds{1000});
  release("a");
  advance(milliseconds{1000});
  ASSERT_TRUE(!holds("a", 80) && holds("b", 81));
  release("b");
  advance(milliseconds{1000});
  EXPECT_FALSE(holds("b", 81));
  EXPECT_TRUE(edgelb.pools.contains("p"));
}

TEST_F(PoolOwnership, HandMadePoolStaysWhereOnlyTheReleaseKnowsTheStrategy) {
  edgelb.pools["p"] = empty_pool();
  start();
  claim("a", 80, say_never);
  run();
  start(); // another actor for the same pool, as after a restart of dklb
  release("a", never);
  advance(milliseconds{1000});
  EXPECT_FALSE(holds("a", 80));
  EXPECT_TRUE(edgelb.pools.contains("p"));
}

TEST_F(PoolOwnership, ServiceThatSaysNeverIsServedOnceThePoolIsMade) {
  start();
  claim("a", 80, say_never);
  run();
  ASSERT_TRUE(refused("a"));
  edgelb.pools["p"] = empty_pool();
  caf::anon_send(actor, pool_drifted{"p"});
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("a", 80));
}

TEST_F(PoolOwnership, PausedServiceKeepsItsPartAndIsToldNothing) {
  start();
  claim("a", 80);
  run();
  const auto writes = edgelb.writes();
  told.settled.clear();
  claim("a", 81, pause);
  advance(milliseconds{1000});
  caf::anon_send(actor, nodes_changed{std::make_shared<const domain::node_list>()});
  caf::anon_send(actor, pool_drifted{"p"});
  advance(milliseconds{1000});
  EXPECT_EQ(edgelb.writes(), writes);
  EXPECT_TRUE(holds("a", 80));
  EXPECT_TRUE(told.settled.empty());
  EXPECT_EQ(explained().at("claims").at(0).at("paused"), true);
}

TEST_F(PoolOwnership, PoolOfAPausedServiceThatSomebodyDeletedStaysAwayUntilThePauseEnds) {
  start();
  claim("a", 80);
  run();
  claim("a", 80, pause);
  run();
  edgelb.pools.clear();
  caf::anon_send(actor, pool_drifted{"p"});
  advance(milliseconds{60000});
  EXPECT_TRUE(edgelb.pools.empty());
  claim("a", 80);
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("a", 80));
}

TEST_F(PoolOwnership, OthersAreServedBesideAPausedService) {
  start();
  claim("a", 80);
  run();
  claim("a", 90, pause);
  claim("b", 81);
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("a", 80) && !holds("a", 90) && holds("b", 81));
  EXPECT_TRUE(served("b"));
  release("b");
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("a", 80) && !holds("b", 81));
}

TEST_F(PoolOwnership, PausedServiceIsToldOfNoDelayAndNoRefusal) {
  start();
  claim("a", 80);
  run();
  claim("a", 80, pause);
  run();
  told = {};
  edgelb.write_failures.push_back({{domain::error_code::unavailable, "busy", {}, 503}, false});
  edgelb.write_failures.push_back(
    {{domain::error_code::rejected, "dev.kubernetes01:default:a:80: no", {}, 400}, false});
  claim("b", 81);
  advance(milliseconds{20000});
  EXPECT_FALSE(told.last_of("a"));
  for (const auto& each : told.delayed)
    EXPECT_EQ(each.message, "busy");
  EXPECT_EQ(told.delayed.size(), 1U) << "b alone";
}

TEST_F(PoolOwnership, PoolActorThatEndsSaysSo) {
  start();
  claim("a", 80);
  run();
  EXPECT_TRUE(inventory.closed.empty());
  release("a");
  advance(milliseconds{1000});
  EXPECT_EQ(inventory.closed, std::vector<std::string>{"p"});
}

} // namespace
} // namespace dklb::actors::testing
