// What a pool does with a write that EdgeLB refuses.
#include "tests/actors/pool/pool_fixture.hpp"

#include "domain/base/names.hpp"

#include <gmock/gmock.h>

namespace dklb::actors::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PoolRefusal : public PoolActor {
protected:
  /// EdgeLB refuses every document with a frontend on this port, in these words.
  void refuse_port(int port, std::string words) {
    edgelb.refuse = [port, words = std::move(words)](
                      const domain::pool_document& pool) -> std::optional<std::string> {
      for (const auto& frontend : pool["haproxy"]["frontends"])
        if (frontend["bindPort"] == port)
          return words;
      return std::nullopt;
    };
  }
  /// EdgeLB refuses every document without this object.
  void refuse_without(std::string name) {
    edgelb.refuse =
      [name = std::move(name)](const domain::pool_document& pool) -> std::optional<std::string> {
      for (const auto& backend : pool["haproxy"]["backends"])
        if (backend["name"] == name)
          return std::nullopt;
      return "a map names no backend";
    };
  }
  static std::string object(const std::string& name, int port) {
    return domain::object_name("dev/kubernetes01", {"default", name}, port);
  }
};

TEST_F(PoolRefusal, GoesToTheServiceThatEdgelbsWordsName) {
  refuse_port(81, "frontend \"" + object("b", 81) + "\": the certificate is missing");
  start();
  edgelb.hold_writes = true;
  claim("first", 79);
  run();
  for (const auto* name : {"a", "b", "c", "d"})
    claim(name, 80 + name[0] - 'a');
  run();
  edgelb.hold_writes = false;
  edgelb.let_go();
  advance(milliseconds{1000});
  EXPECT_TRUE(refused("b"));
  EXPECT_TRUE(served("a") && served("c") && served("d"));
  EXPECT_EQ(edgelb.writes(), 3U) << "the first, the refused one, and one with all the others";
}

TEST_F(PoolRefusal, AnAddressThatNoMachineHasIsToldInEdgelbsWordsAndTriedAgain) {
  const std::string words = "no machine of role \"slave_public\" has the address 192.0.2.81; free "
                            "are: 192.0.2.10, 192.0.2.11";
  edgelb.refuse = [words](const domain::pool_document& pool) -> std::optional<std::string> {
    for (const auto& frontend : pool["haproxy"]["frontends"])
      if (frontend["bindAddress"] == "192.0.2.81")
        return words;
    return std::nullopt;
  };
  inventory.users = {{81, "other", object("c", 81)}};
  start();
  claim("a", 80);
  run();
  claim("b", 81, [](domain::pool_claim& claim) { claim.bind_address = std::string{"192.0.2.81"}; });
  claim("d", 82);
  advance(milliseconds{1000});
  EXPECT_TRUE(served("a") && served("d"));
  ASSERT_TRUE(refused("b"));
  EXPECT_THAT(told.last_of("b")->refusal->message, HasSubstr(words));
  EXPECT_THAT(told.last_of("b")->refusal->message, Not(HasSubstr("port 81")))
    << "it is not about a port";
  edgelb.refuse = nullptr;
  advance(milliseconds{31000});
  EXPECT_TRUE(served("b")) << "the machine has it now";
}

TEST_F(PoolRefusal, GoesToTheNamedServiceAlthoughAnotherOneChangedLast) {
  start();
  claim("a", 80);
  run();
  edgelb.write_failures.push_back(
    {{domain::error_code::rejected, object("a", 80) + ": unknown server", {}, 400}, false});
  claim("b", 81);
  advance(milliseconds{1000});
  EXPECT_TRUE(refused("a"));
  EXPECT_TRUE(served("b"));
  EXPECT_TRUE(holds("a", 80)) << "what it has stays";
}

TEST_F(PoolRefusal, OfAReleaseIsNobodyElsesFaultAndThePoolGoesOn) {
  start();
  claim("a", 80);
  claim("c", 82);
  advance(milliseconds{1000});
  refuse_without(object("a", 80));
  release("a");
  advance(milliseconds{500});
  claim("b", 81);
  advance(milliseconds{1000});
  EXPECT_TRUE(served("b"));
  EXPECT_TRUE(holds("b", 81));
  for (const auto& each : told.settled)
    EXPECT_FALSE(each.refusal) << each.refusal->message;
  edgelb.refuse = nullptr;
  advance(milliseconds{30000});
  EXPECT_FALSE(holds("a", 80)) << "it is tried again";
}

TEST_F(PoolRefusal, OfAReleaseAndAClaimInOneWriteIsNotTheClaimsFault) {
  start();
  claim("a", 80);
  run();
  refuse_without(object("a", 80));
  edgelb.hold_writes = true;
  claim("c", 82);
  advance(milliseconds{1000});
  release("a");
  claim("b", 81);
  run();
  edgelb.hold_writes = false;
  edgelb.let_go();
  advance(milliseconds{2000});
  EXPECT_TRUE(served("b") && served("c"));
  for (const auto& each : told.settled)
    EXPECT_FALSE(each.refusal) << each.refusal->message;
}

TEST_F(PoolRefusal, IsTriedAgainOnceAnotherServiceOfThePoolHasLeft) {
  start();
  claim("a", 80);
  run();
  refuse_port(81, "no room for two");
  claim("b", 81);
  advance(milliseconds{1000});
  ASSERT_TRUE(refused("b"));
  edgelb.refuse = nullptr;
  release("a");
  advance(milliseconds{1000});
  EXPECT_TRUE(served("b"));
}

TEST_F(PoolRefusal, IsTriedAgainAtOnceWhenTheInventorySaysThatSomethingChanged) {
  refuse_port(80, "port 80 is taken");
  start();
  claim("a", 80);
  advance(milliseconds{1000});
  ASSERT_TRUE(refused("a"));
  EXPECT_EQ(inventory.awaiting_room, std::vector<std::string>{"p"});
  edgelb.refuse = nullptr;
  caf::anon_send(actor, pool_drifted{"p"});
  advance(milliseconds{300});
  EXPECT_TRUE(served("a"));
}

TEST_F(PoolRefusal, IsTriedAgainAfterHalfAMinuteAtMost) {
  refuse_port(80, "port 80 is taken");
  start();
  claim("a", 80);
  advance(milliseconds{600000});
  ASSERT_TRUE(refused("a"));
  edgelb.refuse = nullptr;
  advance(milliseconds{31000});
  EXPECT_TRUE(served("a"));
}

TEST_F(PoolRefusal, TellsHowOftenItWasTriedAndWhenTheNextTryIs) {
  refuse_port(80, "port 80 is taken");
  start();
  claim("a", 80);
  run();
  ASSERT_TRUE(told.last_of("a"));
  EXPECT_EQ(told.last_of("a")->attempts, 1U);
  EXPECT_EQ(told.last_of("a")->retry_in, shared->concurrency().retry_base);
  advance(shared->concurrency().retry_base + milliseconds{500});
  EXPECT_EQ(told.last_of("a")->attempts, 2U);
  EXPECT_EQ(told.last_of("a")->retry_in, 2 * shared->concurrency().retry_base);
}

TEST_F(PoolRefusal, OfSeveralIsOneTryAndNotOneForEach) {
  edgelb.refuse = [](const domain::pool_document&) { return "no"; };
  start();
  edgelb.hold_writes = true;
  claim("a", 80);
  claim("b", 81);
  claim("c", 82);
  run();
  edgelb.hold_writes = false;
  edgelb.let_go();
  advance(milliseconds{3000});
  for (const auto* name : {"a", "b", "c"}) {
    ASSERT_TRUE(refused(name)) << name;
    EXPECT_EQ(told.last_of(name)->attempts, 1U) << name;
  }
}

TEST_F(PoolRefusal, NamesThePoolAndTheServiceThatHaveThePort) {
  inventory.users = {{80, "other", object("holder", 80)}};
  refuse_port(80, "port 80 on 10.0.0.1 belongs to the pool other");
  start();
  claim("a", 80);
  run();
  ASSERT_EQ(inventory.asked.size(), 1U);
  EXPECT_EQ(inventory.asked[0].pool, "p");
  EXPECT_EQ(inventory.asked[0].role, "slave_public");
  EXPECT_EQ(inventory.asked[0].ports, std::vector<int>{80});
  ASSERT_TRUE(refused("a"));
  EXPECT_EQ(told.last_of("a")->refusal->reason, domain::refusal_reason::port_conflict);
  EXPECT_THAT(told.last_of("a")->refusal->message,
              HasSubstr("service default/holder in pool \"other\""));
  EXPECT_THAT(told.last_of("a")->refusal->message, Not(HasSubstr("correct the Service")));
}

TEST_F(PoolRefusal, DelayTellsHowOftenItWasTried) {
  for (int i = 0; i < 2; ++i)
    edgelb.write_failures.push_back({{domain::error_code::unavailable, "busy", {}, 503}, false});
  start();
  claim("a", 80);
  run();
  ASSERT_EQ(told.delayed.size(), 1U);
  EXPECT_EQ(told.delayed[0].attempts, 1U);
  advance(shared->concurrency().retry_base + milliseconds{100});
  ASSERT_EQ(told.delayed.size(), 2U);
  EXPECT_EQ(told.delayed[1].attempts, 2U);
}

} // namespace
} // namespace dklb::actors::testing
