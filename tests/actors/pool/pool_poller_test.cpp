#include "actors/pool/pool_poller.hpp"

#include "domain/base/names.hpp"
#include "tests/actors/support/world.hpp"

#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

status_writer_actor::behavior_type fake_writer(status_writer_actor::stateful_pointer<plain_state>,
                                               std::vector<addresses_observed>* told) {
  return {
    [](const describe&) { return actor_description{}; },
    [](const track_status&) {},
    [](const untrack_status&) {},
    [=](const addresses_observed& what) { told->push_back(what); },
    [](const report_condition&) {},
    [](const report_remark&) {},
    [](const withdraw_status&) {},
    [](const directory_changed&) {},
    [](const gate_changed&) {},
    [](const retry_service&) {},
    [](const echo_overdue&) {},
  };
}

class PoolPoller : public ActorWorld {
protected:
  PoolPoller() {
    handles.edgelb = spawn_edgelb();
    handles.writers = {keep(system.spawn(fake_writer, &told))};
    poller = keep(system.spawn(pool_poller, poller_shard{}, shared,
                               std::make_shared<const directory>(handles), true));
  }

  /// Every pool serves one Service that is named as it is.
  void watch(const std::string& pool, bool now = true) {
    caf::anon_send(poller, poll_pool{pool, {make_claim(pool, 80, pool)}, now});
    run();
  }
  void unwatch(const std::string& pool) {
    caf::anon_send(poller, poll_pool{pool, {}, false});
    run();
  }
  void place(const std::string& pool, const std::string& address) {
    edgelb.metadata[pool]["frontends"] = {
      {{"name", domain::object_name("dev/kubernetes01", {"default", pool}, 80)},
       {"endpoints",
        {{{"port", 80}, {"private", {address}}, {"public", nlohmann::json::array()}}}}}};
  }
  std::size_t polls(const std::string& pool) const { return edgelb.count("metadata " + pool); }
  std::vector<std::string> told_of(const std::string& pool) const {
    std::vector<std::string> out;
    for (const auto& item : told)
      if (item.pool == pool && item.addresses)
        for (const auto& address : *item.addresses)
          out.push_back(address.ip);
    return out;
  }
  actor_description described() {
    caf::scoped_actor self{system};
    self->send(poller, describe{});
    run();
    actor_description out;
    self->receive([&](const actor_description& what) { out = what; });
    return out;
  }
  std::vector<domain::ingress> addresses_of(const std::string& pool) {
    caf::scoped_actor self{system};
    self->send(poller, find_addresses{pool});
    run();
    addresses_found out;
    self->receive([&](const addresses_found& what) { out = what; });
    return out.addresses;
  }

  directory handles;
  pool_poller_actor poller;
  std::vector<addresses_observed> told;
};

TEST_F(PoolPoller, AsksAtOnceReportsAndAsksEverMoreSeldom) {
  place("a", "10.0.0.1");
  watch("a");
  EXPECT_EQ(polls("a"), 1U);
  EXPECT_EQ(told_of("a"), std::vector<std::string>{"10.0.0.1"});
  advance(milliseconds{3900});
  EXPECT_EQ(polls("a"), 1U);
  advance(milliseconds{200});
  EXPECT_EQ(polls("a"), 2U);
  advance(milliseconds{15800});
  EXPECT_EQ(polls("a"), 2U);
  advance(milliseconds{300});
  EXPECT_EQ(polls("a"), 3U);
  EXPECT_EQ(told.size(), 1U) << "the same addresses are not reported again";
  place("a", "10.0.0.2");
  advance(milliseconds{65000});
  EXPECT_EQ(told_of("a").back(), "10.0.0.2");
}

TEST_F(PoolPoller, ReportsAnewWhatTheServicePublishesNow) {
  place("a", "10.0.0.1");
  watch("a");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.back().withheld, nullptr);
  auto claim = *make_claim("a", 80, "a");
  claim.publish = domain::publish_kind::public_only;
  const auto watch_claim = [&] {
    caf::anon_send(poller,
                   poll_pool{"a", {std::make_shared<const domain::pool_claim>(claim)}, false});
    run();
  };
  watch_claim();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told.back().addresses, nullptr);
  ASSERT_NE(told.back().withheld, nullptr);
  EXPECT_EQ(*told.back().withheld, (std::vector<domain::ingress>{{"10.0.0.1", ""}}));
  ASSERT_NE(told.back().left_out, nullptr);
  claim.publish = domain::publish_kind::private_only;
  watch_claim();
  ASSERT_EQ(told.size(), 3U) << "the same address as before is reported again";
  EXPECT_EQ(told.back().withheld, nullptr);
  EXPECT_EQ(told_of("a").back(), "10.0.0.1");
}

TEST_F(PoolPoller, SaysWhetherSomebodyWaitsForTheAnswer) {
  watch("a");
  place("a", "10.0.0.1");
  advance(milliseconds{1000});
  EXPECT_EQ(edgelb.awaited, (std::vector<std::string>{"a", "a"}));
  advance(milliseconds{60000});
  EXPECT_GT(polls("a"), 2U);
  EXPECT_EQ(edgelb.awaited.size(), 2U) << "the address is known";
}

TEST_F(PoolPoller, AsksEveryMinWhileAnAddressIsAwaited) {
  watch("a");
  advance(milliseconds{3100});
  EXPECT_EQ(polls("a"), 4U);
  EXPECT_EQ(described().last_error, "pool a: not known yet");
  place("a", "10.0.0.1");
  advance(milliseconds{1000});
  EXPECT_EQ(told_of("a").size(), 1U);
  EXPECT_EQ(described().last_error, "");
}

TEST_F(PoolPoller, APoolWithoutAnAnswerDoesNotHoldUpTheOthersOfItsShard) {
  edgelb.hold_metadata = {"a"};
  place("a", "10.0.0.1");
  place("b", "10.0.0.2");
  watch("a");
  watch("b");
  EXPECT_EQ(described().state, std::string{"polling"});
  EXPECT_EQ(told_of("b").size(), 1U);
  advance(milliseconds{30000});
  EXPECT_EQ(polls("a"), 1U) << "one at a time";
  EXPECT_EQ(polls("b"), 3U);
  edgelb.hold_metadata.clear();
  edgelb.let_go();
  run();
  EXPECT_EQ(told_of("a").size(), 1U);
  EXPECT_EQ(described().state, std::string{"waiting"});
}

class ManyPools : public PoolPoller {
protected:
  static constexpr auto most = domain::poll_calendar::most_background;

  /// Twice as many settled pools as may be in flight, and one; EdgeLB answers about none now.
  ManyPools() {
    for (std::size_t i = 0; i < 2 * most + 1; ++i) {
      const auto pool = "p" + std::to_string(i);
      place(pool, "10.0.0.1");
      watch(pool);
      edgelb.hold_metadata.insert(pool);
    }
    edgelb.log.clear();
  }
};

TEST_F(ManyPools, ThatAreDueTogetherShareABoundOnPollsInFlight) {
  advance(milliseconds{4100});
  EXPECT_EQ(edgelb.log.size(), most);
  advance(milliseconds{1000});
  EXPECT_EQ(edgelb.log.size(), most) << "they are not answered";
  edgelb.let_go();
  run();
  EXPECT_EQ(edgelb.log.size(), 2 * most);
  edgelb.let_go();
  run();
  EXPECT_EQ(edgelb.log.size(), 2 * most + 1);
}

TEST_F(ManyPools, ShareTheBoundWhenTheGateOpens) {
  caf::anon_send(poller, gate_changed{false, {}});
  advance(milliseconds{60000});
  EXPECT_EQ(edgelb.log.size(), 0U);
  caf::anon_send(poller, gate_changed{true, {}});
  run();
  EXPECT_EQ(edgelb.log.size(), most);
}

TEST_F(ManyPools, WithoutAnAnswerHoldTheOthersUpByMaxAtMost) {
  advance(milliseconds{4100});
  EXPECT_EQ(edgelb.log.size(), most);
  advance(shared->concurrency().poll_max);
  EXPECT_EQ(edgelb.log.size(), 2 * most + 1);
}

TEST_F(ManyPools, DoNotHoldUpOneWhoseAddressIsAwaited) {
  advance(milliseconds{4100});
  watch("new");
  EXPECT_EQ(polls("new"), 1U);
  advance(milliseconds{1000});
  EXPECT_EQ(polls("new"), 2U);
}

TEST_F(PoolPoller, WhatIsWantedWhileAnAnswerIsAwaitedIsAskedAfterIt) {
  edgelb.hold_metadata = {"a"};
  watch("a");
  watch("a");
  watch("a");
  EXPECT_EQ(polls("a"), 1U);
  edgelb.let_go();
  run();
  EXPECT_EQ(polls("a"), 2U);
}

TEST_F(PoolPoller, APoolThatServesNobodyIsNotAskedForAnyMore) {
  place("a", "10.0.0.1");
  watch("a");
  unwatch("a");
  EXPECT_EQ(described().state, std::string{"idle"});
  advance(shared->concurrency().poll_max);
  EXPECT_EQ(polls("a"), 1U);

  edgelb.hold_metadata = {"a"};
  watch("a");
  unwatch("a");
  edgelb.let_go();
  run();
  EXPECT_EQ(told.size(), 1U) << "an answer that comes late is nobody's business";
  EXPECT_EQ(described().state, std::string{"idle"});
}

TEST_F(PoolPoller, AFailureIsShownUntilItsPoolIsGone) {
  watch("a");
  EXPECT_NE(described().last_error, "");
  unwatch("a");
  EXPECT_EQ(described().last_error, "");
}

TEST_F(PoolPoller, AClosedGateKeepsItSilent) {
  place("a", "10.0.0.1");
  watch("a");
  caf::anon_send(poller, gate_changed{false, {}});
  advance(shared->concurrency().poll_max);
  EXPECT_EQ(polls("a"), 1U);
  caf::anon_send(poller, gate_changed{true, {}});
  run();
  EXPECT_EQ(polls("a"), 2U);
  advance(shared->concurrency().poll_max);
  EXPECT_GE(polls("a"), 3U);
}

TEST_F(PoolPoller, ARestartedWriterIsToldWhatIsKnown) {
  place("a", "10.0.0.1");
  watch("a");
  caf::anon_send(poller, directory_changed{std::make_shared<const directory>(handles)});
  run();
  EXPECT_EQ(told.size(), 1U) << "it is the same writer";
  std::vector<addresses_observed> others;
  handles.writers = {keep(system.spawn(fake_writer, &others))};
  caf::anon_send(poller, directory_changed{std::make_shared<const directory>(handles)});
  run();
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others[0].service.name, "a");
}

TEST_F(PoolPoller, SaysWhichAddressesItHasSeen) {
  EXPECT_TRUE(addresses_of("a").empty());
  place("a", "10.0.0.1");
  auto again = edgelb.metadata["a"]["frontends"][0];
  again["name"] = domain::object_name("dev/kubernetes01", {"default", "b"}, 81);
  edgelb.metadata["a"]["frontends"].push_back(again);
  caf::anon_send(poller,
                 poll_pool{"a", {make_claim("a", 80, "a"), make_claim("b", 81, "a")}, true});
  run();
  EXPECT_EQ(told.size(), 2U);
  EXPECT_EQ(addresses_of("a"), (std::vector<domain::ingress>{{"10.0.0.1", ""}}));
}

} // namespace
} // namespace dklb::actors::testing
