#include "tests/actors/support/graph.hpp"

#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

class Supervisor : public ActorGraph {
protected:
  void settle() {
    place("a", "10.0.0.1");
    start();
    list({make_service("a")});
    echo("a");
    advance(milliseconds{100});
    kube.log.clear();
    kube.events.clear();
    edgelb.log.clear();
  }
};

TEST_F(Supervisor, EveryFailedActorIsRestartedAndNothingIsWrittenTwice) {
  for (const std::string kind :
       {"pool_poller", "pool", "service", "status_writer", "inventory", "introspection"}) {
    SCOPED_TRACE(kind);
    settle();
    // Of those that are sharded, all: one of them is in charge.
    const auto those = find(kind);
    ASSERT_FALSE(those.empty());
    for (const auto& each : those)
      fail(each);
    advance(milliseconds{5000});
    EXPECT_EQ(find(kind).size(), those.size());
    EXPECT_EQ(restarts_of(kind), those.size());
    EXPECT_TRUE(kube.log.empty());
    EXPECT_TRUE(kube.events.empty());
    EXPECT_EQ(edgelb.writes(), 0U);
    // And it works: a change goes through all of them.
    place("b", "10.0.0.2", "p", 81);
    observe(make_service("b", "p", 81));
    advance(milliseconds{2000});
    EXPECT_TRUE(holds("a") && holds("b", 81));
    EXPECT_EQ(stored("b").addresses.size(), 1U);
    fail(supervisor_handle);
    kube = {};
    edgelb = {};
    shared->actors = std::make_shared<roster>();
  }
}

TEST_F(Supervisor, RestartedPollerGetsThePoolsOfItsShard) {
  start();
  std::vector<domain::service> many;
  for (int i = 0; i < 20; ++i) {
    const auto name = "s" + std::to_string(i);
    place(name, "10.0.0.1", name);
    many.push_back(make_service(name, name));
  }
  list(many);
  advance(milliseconds{1000});
  for (const auto& each : find("pool_poller"))
    fail(each);
  // Only one that is asked of again hears of it.
  for (auto& [pool, metadata] : edgelb.metadata)
    metadata["frontends"] = nlohmann::json::array();
  for (int i = 0; i < 20; ++i)
    place("s" + std::to_string(i), "10.0.0.2", "s" + std::to_string(i));
  advance(milliseconds{1000});
  for (const auto& object : many)
    EXPECT_EQ(stored(object.key.name).addresses.at(0).ip, "10.0.0.2") << object.key.name;
}

TEST_F(Supervisor, PoolThatFailedIsPolledAgainOnceItsSuccessorServes) {
  settle();
  fail(find("pool").at(0));
  advance(milliseconds{1000});
  edgelb.metadata.clear();
  place("a", "10.0.0.9");
  advance(milliseconds{5000});
  EXPECT_EQ(stored("a").addresses.at(0).ip, "10.0.0.9");
}

TEST_F(Supervisor, FailedWatcherListsAnewAndItsServicesStartAgain) {
  settle();
  const auto object = stored("a");
  fail(find("service_watcher").at(0));
  EXPECT_TRUE(find("service").empty());
  advance(milliseconds{1000});
  list({object});
  advance(milliseconds{1000});
  EXPECT_TRUE(kube.log.empty());
  EXPECT_EQ(edgelb.writes(), 0U);
  EXPECT_EQ(phase("a"), "Provisioned");
}

TEST_F(Supervisor, RestartedPoolGetsTheClaimsOfAllItsServices) {
  start();
  list({make_service("a"), make_service("b", "p", 81), make_service("c", "p", 82)});
  advance(milliseconds{2000});
  ASSERT_TRUE(holds("a") && holds("b", 81) && holds("c", 82));
  const auto writes = edgelb.writes();
  fail(find("pool").at(0));
  advance(milliseconds{1000});
  EXPECT_EQ(edgelb.writes(), writes);
  edgelb.pools.clear(); // deleted by hand
  advance(shared->concurrency().resync_period + milliseconds{1000});
  EXPECT_TRUE(holds("a") && holds("b", 81) && holds("c", 82));
}

TEST_F(Supervisor, GivesUpWhenRestartsComeTooFast) {
  tune([](auto& live) { live.concurrency.max_restarts = 3; });
  settle();
  for (int i = 0; i < 3; ++i) {
    fail(find("pool_poller").at(0));
    advance(milliseconds{2000});
  }
  EXPECT_TRUE(gave_up.empty());
  fail(find("pool_poller").at(0));
  ASSERT_EQ(gave_up.size(), 1U);
  EXPECT_NE(gave_up[0].find("pool_poller"), std::string::npos);
}

TEST_F(Supervisor, RestartsThatAreFarApartGoOnForEver) {
  tune([](auto& live) { live.concurrency.max_restarts = 1; });
  tune([](auto& live) { live.concurrency.restart_window = milliseconds{1000}; });
  settle();
  const auto pollers = find("pool_poller").size();
  for (int i = 0; i < 5; ++i) {
    fail(find("pool_poller").at(0));
    advance(milliseconds{15000});
    ASSERT_EQ(find("pool_poller").size(), pollers);
  }
  EXPECT_TRUE(gave_up.empty());
}

TEST_F(Supervisor, RestartBackOffIsForgottenAfterAQuietMinute) {
  settle();
  const auto pollers = find("pool_poller").size();
  const auto fail_first = [this] {
    for (const auto& item : shared->actors->list())
      if (std::string{"pool_poller"} == item.kind && item.key == "0")
        fail(item.handle);
  };
  for (int i = 0; i < 4; ++i) {
    fail_first();
    advance(milliseconds{2000});
  }
  fail_first();
  advance(milliseconds{200});
  EXPECT_EQ(find("pool_poller").size(), pollers - 1) << "it has failed often";
  advance(milliseconds{62000});
  fail_first();
  advance(milliseconds{200});
  EXPECT_EQ(find("pool_poller").size(), pollers);
}

TEST_F(Supervisor, FailedGatewayEndsTheProcessBecauseItsPromisesAreLost) {
  settle();
  fail(edgelb_handle);
  ASSERT_EQ(gave_up.size(), 1U);
  EXPECT_NE(gave_up[0].find("edgelb_gateway"), std::string::npos);
}

TEST_F(Supervisor, LostLeadershipClosesTheGate) {
  settle();
  caf::anon_send(supervisor_handle, leadership_changed{false});
  run();
  observe(make_service("b", "p", 81));
  advance(milliseconds{2000});
  EXPECT_TRUE(kube.log.empty());
  EXPECT_EQ(edgelb.writes(), 0U);
}

TEST_F(Supervisor, TakeOverOverSettledStateWritesNothing) {
  settle();
  const auto object = stored("a");
  fail(supervisor_handle);
  start(false);
  list({object});
  advance(milliseconds{20000});
  caf::anon_send(supervisor_handle, leadership_changed{true});
  advance(milliseconds{5000});
  EXPECT_TRUE(kube.log.empty());
  EXPECT_TRUE(kube.events.empty());
  EXPECT_EQ(edgelb.writes(), 0U);
  EXPECT_EQ(phase("a"), "Provisioned");
}

TEST_F(Supervisor, OneInventoryRequestAResyncAndNonePerPool) {
  start();
  std::vector<domain::service> many;
  for (int i = 0; i < 20; ++i) {
    const auto name = "s" + std::to_string(i);
    place(name, "10.0.0.1", name);
    many.push_back(make_service(name, name));
  }
  list(many);
  advance(milliseconds{1000});
  edgelb.log.clear();
  advance(shared->concurrency().resync_period);
  EXPECT_EQ(edgelb.count("inventory"), 1U);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(edgelb.count("read s" + std::to_string(i)), 0U);
}

TEST_F(Supervisor, AFailingPoolDoesNotDelayAnother) {
  start();
  edgelb.hold_writes = true;
  list({make_service("a", "p")});
  advance(milliseconds{1000});
  edgelb.hold_writes = false;
  observe(make_service("b", "q"));
  EXPECT_TRUE(holds("b", 80, "q"));
  EXPECT_FALSE(holds("a"));
  edgelb.let_go();
  run();
}

} // namespace
} // namespace dklb::actors::testing
