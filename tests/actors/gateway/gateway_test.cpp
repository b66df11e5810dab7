// Every request of an actor to a gateway is answered, whatever becomes of the call behind it.
#include "actors/gateway/gateway.hpp"

#include "http/engine/engine.hpp"
#include "tests/actors/support/world.hpp"

#include <stdexcept>

namespace dklb::actors::testing {
namespace {

using reply_function = std::function<void(domain::result<snapshot_ptr>)>;
using call_starter = std::function<void(reply_function)>;

edgelb_gateway_actor::behavior_type gateway(edgelb_gateway_actor::stateful_pointer<actor_base> self,
                                            runtime_ptr run, call_starter start) {
  self->state.enlist(self, std::move(run), nullptr, "edgelb_gateway", "");
  return {
    [=](const describe&) { return actor_description{}; },
    [=](const read_pool&) {
      return promise_outcome<pool_answer>(
        self, [&](auto reply) { start([reply](auto outcome) { reply(std::move(outcome)); }); });
    },
    [](const write_pool&) { return pool_answer{snapshot_ptr{}}; },
    [](const read_metadata&) { return metadata_answer{metadata_ptr{}}; },
    [](const read_inventory&) { return inventory_answer{domain::error{}}; },
    [](const call_completed& call) { call.deliver(); },
  };
}

class Gateway : public ActorWorld {
protected:
  /// What a request is answered with; nothing where it is not answered.
  std::optional<domain::result<snapshot_ptr>> ask_with(call_starter start) {
    const auto actor = keep(system.spawn(gateway, runtime_ptr{shared}, std::move(start)));
    caf::scoped_actor self{system};
    std::optional<domain::result<snapshot_ptr>> out;
    self->send(actor, read_pool{"p"});
    run();
    self->receive([&](pool_answer& answer) { out = std::move(answer.outcome); },
                  caf::after(milliseconds{0}) >> [] {});
    return out;
  }
};

TEST_F(Gateway, AnswersWithTheOutcomeOfTheCall) {
  const auto answer = ask_with([](const reply_function& reply) { reply(snapshot_ptr{}); });
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->has_value());
}

TEST_F(Gateway, RefusesTheOneRequestThatCannotBeMade) {
  const auto answer = ask_with([](const reply_function&) { throw std::runtime_error{"no UTF-8"}; });
  ASSERT_TRUE(answer.has_value() && !answer->has_value());
  EXPECT_EQ(answer->failure().code, domain::error_code::invalid);
  EXPECT_EQ(answer->failure().message, "the request cannot be made: no UTF-8");
}

TEST_F(Gateway, AnswersWithAnErrorWhereTheCallForgetsItsReply) {
  const auto answer = ask_with([](const reply_function&) {});
  ASSERT_TRUE(answer.has_value() && !answer->has_value());
  EXPECT_EQ(answer->failure().code, domain::error_code::cancelled);
}

TEST_F(Gateway, TheFirstReplyIsTheAnswer) {
  const auto answer = ask_with([](const reply_function& reply) {
    reply(snapshot_ptr{});
    throw std::runtime_error{"too late"};
  });
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->has_value());
}

/// The exception of a completion leaves a callback of the engine, which logs it.
TEST_F(Gateway, AnswersWithAnErrorWhereACompletionThrows) {
  http::engine other;
  const auto answer = ask_with([&](const reply_function& reply) {
    other.post([reply] { throw std::runtime_error{"in a completion"}; });
    other.stop(milliseconds{10000});
  });
  ASSERT_TRUE(answer.has_value() && !answer->has_value());
  EXPECT_EQ(answer->failure().code, domain::error_code::cancelled);
}

} // namespace
} // namespace dklb::actors::testing
