// What users own, through all actors: pools of their own, paused Services, ports of others.
#include "tests/actors/support/graph.hpp"

#include <gmock/gmock.h>

namespace dklb::actors::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* never = "name: p\nstrategies: {creation: Never}\n";

class OwnershipInLife : public ActorGraph {
protected:
  OwnershipInLife() { hand_made("p"); }

  void hand_made(const std::string& name) {
    edgelb.pools[name] = {{"name", name},
                          {"role", "slave_public"},
                          {"haproxy",
                           {{"stats", {{"bindPort", 9090}}},
                            {"frontends", domain::pool_document::array()},
                            {"backends", domain::pool_document::array()}}}};
  }
  domain::service service_with(const std::string& annotation) {
    auto object = make_service("a");
    object.config_annotation = annotation;
    return object;
  }
  /// One Service with this annotation, settled.
  void settle(const std::string& annotation) {
    place("a", "10.0.0.1");
    start();
    list({service_with(annotation)});
    echo("a");
    advance(milliseconds{500});
    ASSERT_TRUE(holds("a"));
  }
  void change(const std::function<void(domain::service&)>& edit) {
    auto object = stored("a");
    edit(object);
    object.resource_version = std::to_string(++kube.version);
    observe(object);
    advance(milliseconds{1000});
  }
  void restart() {
    const auto object = stored("a");
    fail(supervisor_handle);
    start();
    list({object});
    advance(milliseconds{1000});
  }
  static void erase(domain::service& object) { object.deleting = true; }
  static void pause(domain::service& object) { object.paused = true; }
  static void resume(domain::service& object) { object.paused = false; }
};

TEST_F(OwnershipInLife, HandMadePoolSurvivesTheServiceThatSaysNever) {
  settle(never);
  change(erase);
  EXPECT_FALSE(holds("a"));
  EXPECT_TRUE(edgelb.pools.contains("p"));
  EXPECT_TRUE(stored("a").finalizers.empty());
}

TEST_F(OwnershipInLife, HandMadePoolSurvivesADeletionThatDklbHasNotSeen) {
  settle(never);
  auto object = stored("a");
  fail(supervisor_handle);
  object.deleting = true;
  start();
  list({object});
  advance(milliseconds{1000});
  EXPECT_FALSE(holds("a"));
  EXPECT_TRUE(edgelb.pools.contains("p"));
  EXPECT_TRUE(stored("a").finalizers.empty());
}

TEST_F(OwnershipInLife, HandMadePoolSurvivesTheSweepOfAServiceThatIsGone) {
  settle(never);
  fail(supervisor_handle);
  kube.services.clear();
  start();
  list({});
  advance(milliseconds{1000});
  EXPECT_FALSE(holds("a"));
  EXPECT_TRUE(edgelb.pools.contains("p"));
}

TEST_F(OwnershipInLife, HandMadePoolSurvivesAServiceWhoseFinalizerWasTakenOff) {
  settle(never);
  vanish("a");
  advance(milliseconds{1000});
  EXPECT_FALSE(holds("a"));
  EXPECT_TRUE(edgelb.pools.contains("p"));
}

TEST_F(OwnershipInLife, HandMadePoolSurvivesTheServiceThatMovesAway) {
  settle(never);
  auto object = stored("a");
  hand_made("q");
  fail(supervisor_handle);
  object.config_annotation = "name: q\nstrategies: {creation: Never}\n";
  start();
  list({object});
  advance(shared->concurrency().resync_period + milliseconds{1000});
  EXPECT_TRUE(holds("a", 80, "q"));
  EXPECT_FALSE(holds("a"));
  EXPECT_TRUE(edgelb.pools.contains("p"));
}

TEST_F(OwnershipInLife, HandMadePoolSurvivesWhereItsActorFailsDuringTheRelease) {
  settle(never);
  edgelb.hold_writes = true;
  change(erase);
  fail(find("pool").at(0));
  edgelb.hold_writes = false;
  advance(milliseconds{10000});
  EXPECT_FALSE(holds("a"));
  EXPECT_TRUE(edgelb.pools.contains("p"));
  EXPECT_TRUE(stored("a").finalizers.empty());
}

TEST_F(OwnershipInLife, PoolOfAServiceThatDoesNotSayNeverGoesWithIt) {
  settle("name: p\n");
  change(erase);
  EXPECT_FALSE(edgelb.pools.contains("p"));
}

TEST_F(OwnershipInLife, ServiceThatSaysNeverIsServedWheneverItsPoolIsMade) {
  edgelb.pools.clear();
  place("a", "10.0.0.1");
  start();
  list({service_with(never)});
  echo("a");
  advance(3 * shared->concurrency().resync_period);
  EXPECT_EQ(phase("a"), "Refused");
  hand_made("p");
  advance(shared->concurrency().resync_period + milliseconds{1000});
  EXPECT_TRUE(holds("a"));
  EXPECT_EQ(phase("a"), "Provisioned");
}

// -- pauses

TEST_F(OwnershipInLife, PoolThatIsDeletedDuringAPauseStaysAwayUntilItEnds) {
  settle("name: p\n");
  change(pause);
  edgelb.pools.clear();
  advance(2 * shared->concurrency().resync_period);
  EXPECT_TRUE(edgelb.pools.empty());
  EXPECT_EQ(phase("a"), "Paused");
  EXPECT_EQ(stored("a").addresses.size(), 1U) << "what was written stays";
  change(resume);
  EXPECT_TRUE(holds("a"));
  EXPECT_EQ(phase("a"), "Provisioned");
}

TEST_F(OwnershipInLife, PauseHoldsThroughARestart) {
  settle("name: p\n");
  change(pause);
  restart();
  ASSERT_TRUE(holds("a"));
  edgelb.pools.clear();
  advance(2 * shared->concurrency().resync_period);
  restart();
  advance(shared->concurrency().resync_period);
  EXPECT_TRUE(edgelb.pools.empty());
  change(resume);
  EXPECT_TRUE(holds("a"));
}

TEST_F(OwnershipInLife, ChangesDuringAPauseWaitForItsEnd) {
  settle("name: p\n");
  change(pause);
  const auto writes = edgelb.writes();
  change([](auto& object) { object.ports[0].port = 8080; });
  change([](auto& object) { object.config_annotation = "name: p\nsize: none\n"; });
  change([](auto& object) { object.config_annotation = "name: p\nsize: 3\n"; });
  EXPECT_EQ(edgelb.writes(), writes);
  EXPECT_TRUE(holds("a") && !holds("a", 8080));
  change(resume);
  EXPECT_TRUE(!holds("a") && holds("a", 8080));
  EXPECT_EQ(edgelb.pools["p"]["count"], 3);
}

TEST_F(OwnershipInLife, BrokenAnnotationDoesNotEndThePause) {
  settle("name: p\n");
  change([](auto& object) {
    object.config_annotation = "name: p\nsize: none\n";
    object.paused = true;
  });
  edgelb.pools.clear();
  advance(2 * shared->concurrency().resync_period);
  EXPECT_TRUE(edgelb.pools.empty());
  change(resume);
  EXPECT_TRUE(holds("a")) << "what worked goes on";
}

TEST_F(OwnershipInLife, DeletionOfAPausedServiceWaitsForTheEndOfThePause) {
  settle("name: p\n");
  change(pause);
  change(erase);
  restart();
  EXPECT_TRUE(holds("a"));
  EXPECT_EQ(stored("a").finalizers.size(), 1U);
  EXPECT_THAT(explain("a").value("message", ""), HasSubstr("remove the annotation"));
  ASSERT_TRUE(stored("a").own_condition.has_value());
  EXPECT_EQ(stored("a").own_condition->reason, "TranslationPaused");
  change(resume);
  EXPECT_FALSE(edgelb.pools.contains("p"));
  EXPECT_TRUE(stored("a").finalizers.empty());
}

TEST_F(OwnershipInLife, ForbiddenChangeIsStillRefusedAfterAPause) {
  settle("name: p\n");
  change(pause);
  change([](auto& object) { object.config_annotation = "name: q\n"; });
  change(resume);
  EXPECT_TRUE(holds("a"));
  EXPECT_FALSE(edgelb.pools.contains("q"));
}

// -- one agent for two pools

class OneAgent : public OwnershipInLife {
protected:
  OneAgent() {
    edgelb.pools.clear();
    edgelb.refuse = [this](const domain::pool_document& pool) { return refusal(pool); };
    place("a", "10.0.0.1");
    place("b", "10.0.0.1", "q");
    start();
    list({make_service("a")});
    observe(make_service("b", "q"));
    advance(milliseconds{1000});
  }

  /// As edgelb-local says it.
  std::optional<std::string> refusal(const domain::pool_document& pool) const {
    for (const auto& [name, other] : edgelb.pools)
      for (const auto& frontend : other["haproxy"]["frontends"])
        for (const auto& mine : pool["haproxy"]["frontends"])
          if (name != pool["name"] && frontend["bindPort"] == mine["bindPort"])
            return "the pool cannot run on any agent: port " + mine["bindPort"].dump()
                   + " on 10.0.0.1 belongs to the pool " + name;
    return std::nullopt;
  }
};

TEST_F(OneAgent, SecondServiceIsToldWhoHasThePortAndWhenItIsTriedAgain) {
  EXPECT_TRUE(holds("a"));
  const auto body = explain("b");
  EXPECT_EQ(body.value("phase", ""), "Refused");
  EXPECT_EQ(body.value("reason", ""), "PortConflict");
  EXPECT_THAT(body.value("message", ""), HasSubstr("service default/a in pool \"p\""));
  EXPECT_GE(body.value("attempts", 0), 1);
  EXPECT_TRUE(body["nextRetry"].is_string());
}

TEST_F(OneAgent, SecondServiceIsServedAtOnceWhenTheFirstHasGone) {
  advance(milliseconds{600000}); // the back-off has grown
  ASSERT_FALSE(holds("b", 80, "q"));
  change(erase);
  EXPECT_TRUE(holds("b", 80, "q"));
  EXPECT_EQ(phase("b"), "Provisioned");
  EXPECT_EQ(explain("b").value("attempts", -1), 0);
}

TEST_F(OneAgent, SecondServiceIsServedAtOnceWhenTheFirstChangesItsPort) {
  advance(milliseconds{600000});
  change([](auto& object) { object.ports[0].port = 81; });
  EXPECT_TRUE(holds("b", 80, "q"));
}

TEST_F(OneAgent, SecondServiceIsServedSoonWhereSomebodyElseMakesRoom) {
  advance(milliseconds{600000});
  fail(find("pool").at(0)); // nobody puts it back
  edgelb.refuse = nullptr;
  advance(milliseconds{31000});
  EXPECT_TRUE(holds("b", 80, "q"));
}

TEST_F(OneAgent, ManyThatWaitTakeTurnsWithoutAStorm) {
  for (int i = 0; i < 20; ++i)
    observe(make_service("w" + std::to_string(i), "w" + std::to_string(i)));
  advance(milliseconds{1000});
  edgelb.log.clear();
  change(erase);
  advance(milliseconds{500});
  std::size_t serving = 0;
  for (const auto& [name, pool] : edgelb.pools)
    serving += pool["haproxy"]["frontends"].size();
  EXPECT_EQ(serving, 1U) << "there is one port";
  EXPECT_LE(edgelb.writes(), 1U + 21U) << "one try for each that waits";
}

} // namespace
} // namespace dklb::actors::testing
