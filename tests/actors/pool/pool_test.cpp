#include "tests/actors/pool/pool_fixture.hpp"

#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

TEST_F(PoolActor, TellsItsPollerWhomItServesAndARestartedOneAgain) {
  start();
  claim("a", 80);
  run();
  ASSERT_EQ(polls.size(), 1U);
  EXPECT_EQ(polls[0].pool, "p");
  ASSERT_EQ(polls[0].claims.size(), 1U);
  EXPECT_EQ(polls[0].claims[0]->service.name, "a");
  EXPECT_TRUE(polls[0].now);

  caf::anon_send(actor, directory_changed{peers});
  run();
  EXPECT_EQ(polls.size(), 1U) << "it is the same poller";
  std::vector<poll_pool> others;
  auto handles = *peers;
  handles.pollers = {spawn_poller(&others)};
  caf::anon_send(actor, directory_changed{std::make_shared<const directory>(handles)});
  run();
  EXPECT_EQ(polls.size(), 1U);
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others[0].claims.size(), 1U);
}

TEST_F(PoolActor, ExplainsItselfWithTheAddressesThatItsPollerKnows) {
  start();
  claim("a", 80);
  run();
  for (const bool documents : {false, true}) {
    const auto body = explained(documents);
    EXPECT_EQ(body.at("addresses"), (nlohmann::json{"10.0.0.1", "b.example"}));
    EXPECT_EQ(body.contains("actual"), documents);
  }
}

TEST_F(PoolActor, FirstClaimCreatesThePoolAtOnceWithoutReadingIt) {
  start();
  claim("a", 80);
  run();
  EXPECT_EQ(edgelb.log, std::vector<std::string>{"create p"});
  EXPECT_TRUE(holds("a", 80));
  ASSERT_TRUE(told.last_of("a"));
  EXPECT_FALSE(told.last_of("a")->refusal);
}

TEST_F(PoolActor, WritesNothingWhileTheGateIsClosed) {
  start(false);
  claim("a", 80);
  advance(milliseconds{10000});
  EXPECT_TRUE(edgelb.log.empty());
  caf::anon_send(actor, gate_changed{true, {}});
  run();
  EXPECT_TRUE(holds("a", 80));
}

TEST_F(PoolActor, OneWriteAtATimeAndWhatComesMeanwhileGoesOutTogether) {
  start();
  edgelb.hold_writes = true;
  claim("a", 80);
  run();
  for (int i = 0; i < 50; ++i)
    claim("b" + std::to_string(i), 1000 + i);
  advance(milliseconds{1000});
  EXPECT_EQ(edgelb.writes(), 1U);
  edgelb.hold_writes = false;
  edgelb.let_go();
  advance(milliseconds{1000});
  EXPECT_EQ(edgelb.writes(), 2U);
  EXPECT_TRUE(holds("b0", 1000));
  EXPECT_TRUE(holds("b49", 1049));
  EXPECT_EQ(told.settled.size(), 51U);
}

TEST_F(PoolActor, WaitsTheWriteGapBetweenTwoWrites) {
  start();
  claim("a", 80);
  run();
  claim("b", 81);
  advance(shared->concurrency().pool_write_gap - milliseconds{20});
  EXPECT_EQ(edgelb.writes(), 1U);
  advance(milliseconds{40});
  EXPECT_EQ(edgelb.writes(), 2U);
}

TEST_F(PoolActor, ManyClaimsWithinTheWriteGapArmOneTimer) {
  start();
  claim("a", 80);
  run();
  const auto armed = [&] { return scheduler().clock().schedule().size(); };
  const auto before = armed();
  for (int i = 0; i < 100; ++i)
    claim("b" + std::to_string(i), 1000 + i);
  run();
  EXPECT_EQ(armed(), before + 1);
  advance(shared->concurrency().pool_write_gap + milliseconds{50});
  EXPECT_TRUE(holds("b99", 1099));
}

TEST_F(PoolActor, SettledPoolIsNotWrittenAgain) {
  start();
  claim("a", 80);
  advance(milliseconds{1000});
  const auto writes = edgelb.writes();
  claim("a", 80);
  advance(milliseconds{10000});
  EXPECT_EQ(edgelb.writes(), writes);
}

TEST_F(PoolActor, RestartedActorWithOneClaimLeavesTheOthersObjectsAlone) {
  start();
  claim("a", 80);
  claim("b", 81);
  advance(milliseconds{1000});
  ASSERT_TRUE(holds("a", 80) && holds("b", 81));
  const auto writes = edgelb.writes();
  start(); // another actor for the same pool, as after a crash
  claim("a", 80);
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("b", 81));
  EXPECT_EQ(edgelb.writes(), writes);
}

TEST_F(PoolActor, AmbiguousFailureIsReadBeforeItIsWrittenAgain) {
  start();
  edgelb.write_failures.push_back({{domain::error_code::transport, "connection cut", {}, 0}, true});
  claim("a", 80);
  run();
  EXPECT_EQ(edgelb.writes(), 1U);
  ASSERT_EQ(told.delayed.size(), 1U);
  EXPECT_EQ(told.delayed[0].message, "connection cut");
  advance(shared->concurrency().retry_base + milliseconds{100});
  // The write had happened: reading shows it, and nothing is written twice.
  EXPECT_EQ(edgelb.log, (std::vector<std::string>{"create p", "read p"}));
  ASSERT_TRUE(told.last_of("a"));
  EXPECT_FALSE(told.last_of("a")->refusal);
}

TEST_F(PoolActor, DefiniteRefusalGoesToTheClaimThatChangedInTheServersWords) {
  start();
  claim("a", 80);
  run();
  edgelb.write_failures.push_back(
    {{domain::error_code::rejected, "port 81 is mine", {}, 400}, false});
  claim("b", 81);
  advance(milliseconds{2000});
  ASSERT_TRUE(told.last_of("b"));
  ASSERT_TRUE(told.last_of("b")->refusal);
  EXPECT_NE(told.last_of("b")->refusal->message.find("port 81 is mine"), std::string::npos);
  EXPECT_FALSE(told.last_of("a")->refusal);
  claim("c", 82);
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("c", 82)) << "a spoiled claim holds the pool hostage";
  EXPECT_FALSE(holds("b", 81));
}

TEST_F(PoolActor, RefusedClaimIsTriedAgainWhenThePortComesFree) {
  start();
  claim("a", 80);
  run();
  claim("b", 80);
  advance(milliseconds{1000});
  ASSERT_TRUE(told.last_of("b")->refusal);
  EXPECT_EQ(told.last_of("b")->refusal->reason, domain::refusal_reason::port_conflict);
  release("a");
  advance(milliseconds{1000});
  EXPECT_FALSE(told.last_of("b")->refusal);
  EXPECT_TRUE(holds("b", 80));
}

TEST_F(PoolActor, ReleaseIsConfirmedOnlyAfterTheWrite) {
  start();
  claim("a", 80);
  advance(milliseconds{1000});
  edgelb.hold_writes = true;
  bool confirmed = false;
  caf::scoped_actor self{system};
  self->send(actor, release_pool{{"default", "a"}});
  advance(milliseconds{1000});
  EXPECT_FALSE(self->has_next_message());
  edgelb.let_go();
  run();
  self->receive([&](const pool_released& what) { confirmed = what.pool == "p"; });
  EXPECT_TRUE(confirmed);
  EXPECT_TRUE(edgelb.pools.empty());
}

TEST_F(PoolActor, HandMadeChangeIsRepairedWhenTheInventoryShowsIt) {
  start();
  claim("a", 80);
  advance(milliseconds{1000});
  edgelb.pools.at("p")["haproxy"]["frontends"][0]["bindPort"] = 4711;
  caf::anon_send(actor, pool_drifted{"p"});
  advance(milliseconds{1000});
  EXPECT_EQ(edgelb.pools.at("p")["haproxy"]["frontends"][0]["bindPort"], 80);
}

class PoolWithOthers : public PoolActor {
protected:
  void add_theirs() {
    edgelb.pools.at("p")["haproxy"]["frontends"].push_back(
      {{"name", "theirs"}, {"bindPort", 9000}});
  }
  bool holds_theirs() const {
    for (const auto& frontend : edgelb.pools.at("p")["haproxy"]["frontends"])
      if (frontend["name"] == "theirs")
        return true;
    return false;
  }
};

TEST_F(PoolWithOthers, WhatSomebodyAddsBetweenTwoWritesSurvives) {
  start();
  claim("a", 80);
  run();
  add_theirs();
  claim("b", 81);
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("a", 80) && holds("b", 81));
  EXPECT_TRUE(holds_theirs());
  EXPECT_EQ(edgelb.log, (std::vector<std::string>{"create p", "read p", "replace p"}));
}

TEST_F(PoolWithOthers, ThatSomebodyElseUsesByNowIsNotDeleted) {
  start();
  claim("a", 80);
  run();
  add_theirs();
  release("a");
  advance(milliseconds{1000});
  ASSERT_TRUE(edgelb.pools.contains("p"));
  EXPECT_FALSE(holds("a", 80));
  EXPECT_TRUE(holds_theirs());
}

TEST_F(PoolActor, WhatTheInventoryRecallsIsReadBeforeItIsWritten) {
  start();
  claim("a", 80);
  claim("b", 81);
  advance(milliseconds{1000});
  edgelb.log.clear();
  start(); // another actor for the same pool, as after a crash
  claim("a", 80);
  run();
  EXPECT_TRUE(edgelb.log.empty()) << "nothing to write";
  start();
  claim("c", 82);
  run();
  EXPECT_EQ(edgelb.log, (std::vector<std::string>{"read p", "replace p"}));
}

TEST_F(PoolActor, WithoutLeadershipItKeepsTheClaimAndWritesLater) {
  start();
  edgelb.write_failures.push_back({{domain::error_code::not_leader, "", {}, 0}, false});
  claim("a", 80);
  run();
  EXPECT_TRUE(edgelb.pools.empty());
  EXPECT_TRUE(told.delayed.empty());
  advance(shared->concurrency().retry_base + milliseconds{100});
  EXPECT_TRUE(holds("a", 80));
}

} // namespace
} // namespace dklb::actors::testing
