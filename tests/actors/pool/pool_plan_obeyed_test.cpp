// Each field of a plan's input and of its output has a test here that fails where the pool actor
// drops it.
#include "tests/actors/pool/pool_fixture.hpp"

#include <gmock/gmock.h>

namespace dklb::actors::testing {
namespace {

using ::testing::HasSubstr;
using enum domain::creation_strategy;

class PoolObeysItsPlan : public PoolActor {
protected:
  std::string cause() { return explained().at("lastWrite").at("cause").get<std::string>(); }
};

// -- pool_plan_input

TEST_F(PoolObeysItsPlan, ActualIsThePoolAsEdgelbHasIt) {
  edgelb.pools["p"] = empty_pool();
  edgelb.pools["p"]["haproxy"]["frontends"].push_back({{"name", "theirs"}, {"bindPort", 9000}});
  start();
  claim("a", 80);
  run();
  EXPECT_EQ(edgelb.count("replace p"), 1U);
  EXPECT_EQ(edgelb.pools["p"]["haproxy"]["frontends"][0]["name"], "theirs");
  EXPECT_TRUE(holds("a", 80));
}

TEST_F(PoolObeysItsPlan, ClaimsAreAllThatThereAre) {
  start();
  claim("a", 80);
  claim("b", 81);
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("a", 80) && holds("b", 81));
}

TEST_F(PoolObeysItsPlan, ReleasesAreCarriedOut) {
  start();
  claim("a", 80);
  claim("b", 81);
  advance(milliseconds{1000});
  release("a");
  advance(milliseconds{1000});
  EXPECT_TRUE(!holds("a", 80) && holds("b", 81));
}

TEST_F(PoolObeysItsPlan, ExcludedIsWhoEdgelbRefuses) {
  edgelb.refuse = [](const domain::pool_document& pool) -> std::optional<std::string> {
    for (const auto& frontend : pool["haproxy"]["frontends"])
      if (frontend["bindPort"] == 81)
        return "no";
    return std::nullopt;
  };
  start();
  claim("a", 80);
  run();
  claim("b", 81);
  advance(milliseconds{1000});
  claim("c", 82);
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("a", 80) && holds("c", 82));
  EXPECT_TRUE(refused("b"));
}

TEST_F(PoolObeysItsPlan, HeldOursIsRememberedWhereThePoolIsEmptiedByHand) {
  start();
  claim("a", 80);
  run();
  edgelb.pools["p"]["haproxy"]["frontends"].clear();
  edgelb.pools["p"]["haproxy"]["backends"].clear();
  release("a");
  advance(milliseconds{1000});
  EXPECT_TRUE(edgelb.pools.empty());
}

TEST_F(PoolObeysItsPlan, KeepWhenEmptyIsSetWhereAServiceThatSaidNeverLeaves) {
  edgelb.pools["p"] = empty_pool();
  start();
  claim("a", 80, [](auto& wish) { wish.creation = never; });
  run();
  ASSERT_TRUE(holds("a", 80));
  release("a");
  advance(milliseconds{1000});
  EXPECT_FALSE(holds("a", 80));
  EXPECT_TRUE(edgelb.pools.contains("p"));
}

TEST_F(PoolObeysItsPlan, StrategyUnknownIsSetWhereNobodyKnowsWhatTheServiceSaid) {
  for (const bool known : {false, true}) {
    edgelb.pools["p"] = empty_pool();
    start();
    claim("a", 80);
    run();
    start(); // another actor for the same pool, as after a crash
    release("a", known ? std::optional{if_not_present} : std::nullopt);
    advance(milliseconds{1000});
    EXPECT_EQ(edgelb.pools.contains("p"), !known) << "it is not of dklb's making";
  }
}

// -- pool_plan

TEST_F(PoolObeysItsPlan, ActionIsTheRequest) {
  start();
  claim("a", 80);
  run();
  claim("b", 81);
  advance(milliseconds{1000});
  caf::anon_send(actor, pool_drifted{"p"}); // nothing differs
  advance(milliseconds{1000});
  release("a");
  advance(milliseconds{1000});
  release("b");
  advance(milliseconds{1000});
  std::vector<std::string> writes;
  for (const auto& line : edgelb.log)
    if (!line.starts_with("read"))
      writes.push_back(line);
  EXPECT_EQ(writes, (std::vector<std::string>{"create p", "replace p", "replace p", "remove p"}));
}

TEST_F(PoolObeysItsPlan, DocumentIsWhatIsWritten) {
  start();
  claim("a", 80, [](auto& wish) { wish.cpus = 0.25; });
  run();
  EXPECT_EQ(edgelb.pools["p"]["cpus"], 0.25);
  EXPECT_TRUE(holds("a", 80));
}

TEST_F(PoolObeysItsPlan, ChangesAreTheCauseOfTheLastWrite) {
  start();
  claim("a", 80);
  run();
  EXPECT_THAT(cause(), HasSubstr("create pool p"));
  claim("b", 81);
  advance(milliseconds{1000});
  EXPECT_THAT(cause(), HasSubstr("add frontend dev.kubernetes01:default:b:81 on port 81 and 1"));
}

TEST_F(PoolObeysItsPlan, RefusalsReachTheirOwners) {
  start();
  claim("a", 80);
  run();
  claim("b", 80);
  advance(milliseconds{1000});
  ASSERT_TRUE(refused("b"));
  EXPECT_THAT(told.last_of("b")->refusal->message, HasSubstr("default/a"));
  EXPECT_TRUE(served("a"));
}

TEST_F(PoolObeysItsPlan, NoticesReachTheOwnersOfTheirFamilies) {
  shared->pools.mode = domain::backend_mode::nodes;
  start();
  const auto have = [this](const std::string& ipv6) {
    domain::listed_node node;
    node.name = "n1";
    node.ipv4 = "10.2.0.1";
    node.ipv6 = ipv6;
    node.ready = node.proven = true;
    caf::anon_send(
      actor, nodes_changed{std::make_shared<const domain::node_list>(domain::node_list{{node}})});
    advance(milliseconds{1000});
  };
  claim("a", 80, [](domain::pool_claim& claim) { claim.families = domain::ip_families::ipv4; });
  claim("b", 81, [](domain::pool_claim& claim) { claim.families = domain::ip_families::ipv6; });
  have("");
  EXPECT_TRUE(served("a") && served("b"));
  EXPECT_EQ(told.last_of("a")->notice, nullptr);
  ASSERT_NE(told.last_of("b")->notice, nullptr);
  EXPECT_TRUE(told.last_of("b")->notice->none);
  EXPECT_THAT(explained().at("claims").at(1).at("notice").get<std::string>(),
              HasSubstr("without an IPv6 address: n1"));
  const auto before = told.settled.size();
  have("");
  EXPECT_EQ(told.settled.size(), before) << "nothing is new";
  have("2001:db8::1");
  EXPECT_EQ(told.last_of("b")->notice, nullptr);
  EXPECT_EQ(told.settled.size(), before + 1) << "b alone";
}

TEST_F(PoolObeysItsPlan, RelaunchesIsSaidOfTheWrite) {
  start();
  claim("a", 80);
  run();
  EXPECT_THAT(cause(), ::testing::Not(HasSubstr("relaunches")));
  claim("a", 80, [](auto& wish) { wish.size = 3; });
  advance(milliseconds{1000});
  EXPECT_THAT(cause(), HasSubstr("relaunches the pool's instances"));
}

TEST_F(PoolObeysItsPlan, PlanAgainCreatesThePoolForWhomTheOneBeforeRefused) {
  start();
  claim("a", 80);
  run();
  claim("b", 80, [](auto& wish) { wish.role = "*"; });
  advance(milliseconds{1000});
  ASSERT_TRUE(refused("b"));
  edgelb.log.clear();
  release("a");
  advance(shared->concurrency().pool_write_gap + milliseconds{50});
  EXPECT_EQ(edgelb.log, (std::vector<std::string>{"read p", "remove p", "create p"}));
  EXPECT_TRUE(holds("b", 80));
  EXPECT_TRUE(served("b"));
}

TEST_F(PoolObeysItsPlan, PlanAgainTellsNobodyOfARefusalThatIsOverAtOnce) {
  start();
  claim("a", 80);
  run();
  edgelb.hold_writes = true;
  claim("a", 81);
  advance(milliseconds{1000});
  release("a");
  claim("b", 80, [](auto& wish) { wish.role = "*"; });
  edgelb.hold_writes = false;
  edgelb.let_go();
  advance(milliseconds{1000});
  EXPECT_TRUE(served("b"));
  for (const auto& each : told.settled)
    EXPECT_FALSE(each.refusal);
}

} // namespace
} // namespace dklb::actors::testing
