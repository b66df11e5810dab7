// Settings that change while the actors run: each has its effect, and nothing is lost.
#include "tests/actors/support/graph.hpp"

#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

using domain::error_code;

class LiveSettings : public ActorGraph {
protected:
  /// As the controller does it.
  template <class Change>
  void change(Change how) {
    tune(how);
    caf::anon_send(supervisor_handle, settings_changed{});
    run();
  }
  /// Service a is provisioned, and nothing is to be done.
  void settle() {
    place("a", "10.0.0.1");
    start();
    list({make_service("a")});
    echo("a");
    advance(milliseconds{1000});
    edgelb.log.clear();
  }
  /// The time until the condition holds, in steps of 10 ms.
  template <class Condition>
  milliseconds time_until(Condition holds) {
    milliseconds passed{0};
    while (!holds() && passed < std::chrono::minutes{10}) {
      advance(milliseconds{10});
      passed += milliseconds{10};
    }
    return passed;
  }
};

TEST_F(LiveSettings, ShortenedResyncDoesNotWaitForTheOldOne) {
  settle();
  advance(milliseconds{19000});
  change([](auto& live) { live.concurrency.resync_period = milliseconds{30000}; });
  EXPECT_EQ(edgelb.count("inventory"), 0U);
  EXPECT_LE(time_until([&] { return edgelb.count("inventory") == 1; }), milliseconds{11000});
  EXPECT_EQ(time_until([&] { return edgelb.count("inventory") == 2; }), milliseconds{30000});
}

TEST_F(LiveSettings, ResyncThatIsOverdueByTheNewPeriodComesAtOnce) {
  settle();
  advance(milliseconds{60000});
  change([](auto& live) { live.concurrency.resync_period = milliseconds{30000}; });
  advance(milliseconds{10});
  EXPECT_EQ(edgelb.count("inventory"), 1U);
}

TEST_F(LiveSettings, LengthenedResyncWaitsLonger) {
  settle();
  change([](auto& live) { live.concurrency.resync_period = std::chrono::minutes{5}; });
  advance(std::chrono::minutes{4});
  EXPECT_EQ(edgelb.count("inventory"), 0U);
  advance(std::chrono::minutes{1});
  EXPECT_EQ(edgelb.count("inventory"), 1U);
}

TEST_F(LiveSettings, ChangeWhileTheInventoryIsReadHoldsAfterItsAnswer) {
  settle();
  edgelb.lose = "inventory";
  time_until([&] { return edgelb.count("inventory") == 1; });
  change([](auto& live) { live.concurrency.resync_period = milliseconds{20000}; });
  EXPECT_EQ(edgelb.count("inventory"), 1U) << "one at a time";
  time_until([&] { return edgelb.count("inventory") == 2; });
  EXPECT_EQ(time_until([&] { return edgelb.count("inventory") == 3; }), milliseconds{20000});
}

TEST_F(LiveSettings, RestartedInventoryHasTheNewPeriod) {
  settle();
  change([](auto& live) { live.concurrency.resync_period = milliseconds{30000}; });
  fail(find("inventory").at(0));
  time_until([&] { return edgelb.count("inventory") == 1; });
  EXPECT_EQ(time_until([&] { return edgelb.count("inventory") == 2; }), milliseconds{30000});
}

TEST_F(LiveSettings, RetryOfTheInventoryIsThatOfTheMoment) {
  tune([](auto& live) { live.concurrency.retry_base = milliseconds{200}; });
  edgelb.read_failures = {{error_code::unavailable, "away", {}, 503},
                          {error_code::unavailable, "away", {}, 503},
                          {error_code::unavailable, "away", {}, 503}};
  start();
  EXPECT_EQ(time_until([&] { return edgelb.count("inventory") == 2; }), milliseconds{200});
  change([](auto& live) { live.concurrency.retry_max = milliseconds{300}; });
  EXPECT_EQ(edgelb.count("inventory"), 2U) << "a failure is not hurried";
  time_until([&] { return edgelb.count("inventory") == 3; });
  EXPECT_EQ(time_until([&] { return edgelb.count("inventory") == 4; }), milliseconds{300});
}

TEST_F(LiveSettings, WriteGapHoldsAfterTheNextWrite) {
  settle();
  change([](auto& live) { live.concurrency.pool_write_gap = milliseconds{2000}; });
  observe(make_service("b", "p", 81));
  observe(make_service("c", "p", 82));
  advance(milliseconds{1900});
  EXPECT_FALSE(holds("c", 82));
  advance(milliseconds{200});
  EXPECT_TRUE(holds("b", 81) && holds("c", 82)) << "nothing is lost";
}

TEST_F(LiveSettings, PollMinHoldsWhileAnAddressIsAwaited) {
  start();
  list({make_service("a")});
  advance(milliseconds{1500});
  change([](auto& live) { live.concurrency.poll_min = milliseconds{100}; });
  advance(milliseconds{1000});
  edgelb.log.clear();
  advance(milliseconds{1000});
  EXPECT_GE(edgelb.count("metadata p"), 9U);
  place("a", "10.0.0.1");
  advance(milliseconds{200});
  EXPECT_EQ(phase("a"), "Provisioned");
}

TEST_F(LiveSettings, PollMaxHoldsOnceAllIsSettled) {
  settle();
  change([](auto& live) { live.concurrency.poll_max = milliseconds{3000}; });
  advance(std::chrono::minutes{3});
  edgelb.log.clear();
  advance(milliseconds{30000});
  EXPECT_GE(edgelb.count("metadata p"), 9U);
}

TEST_F(LiveSettings, RetryOfAPoolIsThatOfTheMoment) {
  start();
  change([](auto& live) { live.concurrency.retry_base = milliseconds{1000}; });
  edgelb.write_failures = {{{error_code::unavailable, "away", {}, 503}, false},
                           {{error_code::unavailable, "away", {}, 503}, false}};
  list({make_service("a")});
  EXPECT_EQ(time_until([&] { return edgelb.writes() == 2; }), milliseconds{1000});
  change([](auto& live) { live.concurrency.retry_max = milliseconds{1500}; });
  time_until([&] { return edgelb.writes() == 3; });
  EXPECT_TRUE(holds("a"));
}

TEST_F(LiveSettings, RetryOfAServiceIsThatOfTheMoment) {
  start();
  change([](auto& live) { live.concurrency.retry_base = milliseconds{700}; });
  kube.patch_failures = {{error_code::unavailable, "busy", {}, 503},
                         {error_code::unavailable, "busy", {}, 503}};
  list({make_service("a")});
  EXPECT_EQ(time_until([&] { return kube.count("patch default/a") == 2; }), milliseconds{700});
  change([](auto& live) { live.concurrency.retry_max = milliseconds{800}; });
  EXPECT_EQ(time_until([&] { return kube.count("patch default/a") == 3; }), milliseconds{1400})
    << "a pause that has begun lasts";
  EXPECT_EQ(edgelb.writes(), 1U);
}

TEST_F(LiveSettings, RetryOfAStatusIsThatOfTheMoment) {
  place("a", "10.0.0.1");
  start();
  change([](auto& live) { live.concurrency.retry_base = milliseconds{700}; });
  kube.status_failures = {{error_code::unavailable, "busy", {}, 503}};
  list({make_service("a")});
  const auto before = kube.count("status default/a");
  EXPECT_EQ(time_until([&] { return kube.count("status default/a") > before; }), milliseconds{700});
  EXPECT_FALSE(stored("a").addresses.empty());
}

TEST_F(LiveSettings, OrphansFollowTheModeOfTheMoment) {
  tune([](auto& live) { live.orphans = domain::orphan_mode::report; });
  settle();
  fail(supervisor_handle);
  kube.services.clear();
  start();
  list({});
  advance(milliseconds{500});
  ASSERT_TRUE(holds("a"));
  change([](auto& live) { live.orphans = domain::orphan_mode::remove; });
  advance(shared->concurrency().resync_period + milliseconds{500});
  EXPECT_TRUE(edgelb.pools.empty());
}

TEST_F(LiveSettings, RestartLimitIsThatOfTheMoment) {
  settle();
  change([](auto& live) { live.concurrency.max_restarts = 1; });
  fail(find("pool_poller").at(0));
  advance(milliseconds{2000});
  EXPECT_TRUE(gave_up.empty());
  change([](auto& live) { live.concurrency.restart_window = milliseconds{1000}; });
  fail(find("pool_poller").at(0));
  advance(milliseconds{500});
  EXPECT_TRUE(gave_up.empty()) << "the first one is too long ago";
  fail(find("pool_poller").at(0));
  EXPECT_EQ(gave_up.size(), 1U);
}

TEST_F(LiveSettings, DeadlinesOfRequestsFollowTheTimeouts) {
  settle();
  change([](auto& live) { live.concurrency.edgelb_timeout = std::chrono::minutes{10}; });
  edgelb.lose = "read";
  advance(milliseconds{20000}); // what is known of the pool is no longer fresh
  observe(make_service("b", "p", 81));
  advance(gateway_deadline(milliseconds{30000}) + milliseconds{10000});
  EXPECT_FALSE(holds("b", 81)) << "the answer may still come";
  advance(std::chrono::minutes{10});
  EXPECT_TRUE(holds("b", 81));
}

TEST_F(LiveSettings, ARejectedFileIsAnEventOfThePod) {
  pod = own_pod{{"dklb-system", "dklb-0"}, "u1"};
  start();
  caf::anon_send(supervisor_handle, config_rejected{"dklb.yaml:3: surprise: unknown key"});
  run();
  ASSERT_EQ(kube.events.size(), 1U);
  const auto& event = kube.events.front();
  EXPECT_EQ(to_string(event.service), "dklb-system/dklb-0");
  EXPECT_EQ(event.kind, "Pod");
  EXPECT_EQ(event.uid, "u1");
  EXPECT_TRUE(event.warning);
  EXPECT_EQ(event.reason, "ConfigRejected");
  EXPECT_EQ(event.message, "dklb.yaml:3: surprise: unknown key");
}

TEST_F(LiveSettings, OutsideOfAClusterThereIsNoPodToTell) {
  start();
  caf::anon_send(supervisor_handle, config_rejected{"dklb.yaml:3: surprise: unknown key"});
  run();
  EXPECT_TRUE(kube.events.empty());
}

} // namespace
} // namespace dklb::actors::testing
