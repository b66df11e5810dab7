// Every key of the section `concurrency` has an effect that the servers see.
#include "tests/controller/controller_fixture.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace dklb::controller_test {
namespace {

using clock = std::chrono::steady_clock;

std::vector<clock::duration> gaps(const std::vector<support::log_entry>& log) {
  std::vector<clock::duration> out;
  for (std::size_t i = 1; i < log.size(); ++i)
    out.push_back(log[i].started - log[i - 1].started);
  return out;
}

TEST_F(Controller, EdgelbInFlightBoundsTheRequestsThatAreOpen) {
  edgelb_.inject({.kind = fault_kind::delay_only, .path = "/v2/pools/*", .delay = 20ms});
  edgelb_.inject({.kind = fault_kind::delay_only, .method = "POST", .delay = 20ms});
  for (int i = 0; i < 30; ++i)
    create("web-" + std::to_string(i), "app-" + std::to_string(i));
  start({{"concurrency", {{"edgelbInFlight", 3}}}});
  ASSERT_TRUE(eventually([&] { return served("web-29") && edgelb_.pool_count() == 30; }));
  EXPECT_EQ(edgelb_.peak_in_flight(), 3U);
}

TEST_F(Controller, KubernetesInFlightBoundsTheWritesThatAreOpen) {
  start({{"concurrency", {{"kubernetesInFlight", 2}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  ASSERT_TRUE(eventually([&] { return kube_.open_watches("services") == 1; }));
  kube_.clear_log();
  kube_.inject({.kind = fault_kind::delay_only, .delay = 20ms});
  for (int i = 0; i < 15; ++i)
    create("web-" + std::to_string(i), "app-" + std::to_string(i));
  ASSERT_TRUE(eventually([&] { return kube_.count("patch", "services/status") == 15; }));
  EXPECT_EQ(kube_.peak_in_flight(), 2U);
}

TEST_F(Controller, PoolWriteGapLiesBetweenTwoWritesButNotBeforeTheFirst) {
  create("web", "app");
  start({{"concurrency", {{"poolWriteGap", "500ms"}}}});
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  ASSERT_TRUE(always([] { return true; }, 600ms));
  edgelb_.clear_log();
  const auto begin = clock::now();
  for (int port = 1; port <= 30; ++port) {
    annotate("web",
             "name: app\nfrontends:\n- servicePort: 80\n  port: " + std::to_string(port) + "\n");
    if (port == 1) {
      ASSERT_TRUE(eventually([&] { return edgelb_.count("update", "pools") == 1; }));
    }
  }
  ASSERT_TRUE(eventually([&] { return bind_ports("app") == std::vector<int>{30}; }));
  const auto written = edgelb_.log("update", "pools");
  ASSERT_GE(written.size(), 2U) << "the first change did not wait for the others";
  EXPECT_LT(written.front().started - begin, 400ms);
  for (const auto gap : gaps(written))
    EXPECT_GE(gap, 500ms);
}

TEST_F(Controller, ResyncPeriodIsTheTimeBetweenTwoInventories) {
  start({{"concurrency", {{"resyncPeriod", "300ms"}}}});
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") >= 4; }));
  for (const auto gap : gaps(edgelb_.log("list", "pools"))) {
    EXPECT_GE(gap, 290ms);
    EXPECT_LE(gap, 3s);
  }
}

TEST_F(Controller, LongResyncPeriodMeansOneInventory) {
  start({{"concurrency", {{"resyncPeriod", "1h"}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  EXPECT_TRUE(always([&] { return edgelb_.count("list", "pools") == 1; }, 500ms));
}

TEST_F(Controller, PollGoesFromMinWhileAnAddressIsAwaitedToMaxOnceSettled) {
  edgelb_.hold_metadata();
  create("web", "app");
  start({{"concurrency", {{"poll", {{"min", "100ms"}, {"max", "10s"}}}}}});
  ASSERT_TRUE(eventually([&] { return edgelb_.count("get", "pools/metadata") >= 5; }));
  const auto waiting = gaps(edgelb_.log("get", "pools/metadata"));
  for (const auto gap : waiting)
    EXPECT_GE(gap, 90ms);
  EXPECT_LE(*std::min_element(waiting.begin(), waiting.end()), 1s);
  edgelb_.release_metadata();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  edgelb_.clear_log();
  ASSERT_TRUE(eventually([&] { return edgelb_.count("get", "pools/metadata") >= 4; }));
  const auto settled = gaps(edgelb_.log("get", "pools/metadata"));
  EXPECT_GT(settled.back(), settled.front()) << "it grows";
}

TEST_F(Controller, PollMaxBoundsThePauseOnceSettled) {
  create("web", "app");
  start({{"concurrency", {{"poll", {{"min", "50ms"}, {"max", "100ms"}}}}}});
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_TRUE(eventually([&] { return edgelb_.count("get", "pools/metadata") >= 12; }, 6s));
}

TEST_F(Controller, RetryGrowsFromBaseToMax) {
  edgelb_.inject({.method = "POST"});
  create("web", "app");
  start({{"concurrency", {{"retry", {{"base", "100ms"}, {"max", "400ms"}}}}}});
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") >= 6; }));
  const auto between = gaps(edgelb_.log("create", "pools"));
  EXPECT_GE(between[0], 100ms);
  EXPECT_GE(between[1], 200ms);
  EXPECT_GE(between[3], 400ms);
  EXPECT_LE(between[4], 2s) << "bounded by max";
}

TEST_F(Controller, RetryAfterIsObeyed) {
  edgelb_.inject({.method = "POST", .times = 1, .code = 503, .retry_after = 1s});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto between = gaps(edgelb_.log("create", "pools"));
  ASSERT_EQ(between.size(), 1U);
  EXPECT_GE(between[0], 1s);
}

TEST_F(Controller, EdgelbTimeoutEndsARequestThatHangs) {
  edgelb_.inject({.kind = fault_kind::hang, .method = "POST", .times = 1});
  create("web", "app");
  start({{"concurrency", {{"retry", {{"edgelbTimeout", "300ms"}}}}}});
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto first = edgelb_.log("create", "pools").front();
  ASSERT_TRUE(first.finished.has_value());
  EXPECT_GE(*first.finished - first.started, 290ms);
  EXPECT_LE(*first.finished - first.started, 3s);
}

TEST_F(Controller, KubernetesTimeoutEndsARequestThatHangs) {
  kube_.inject({.kind = fault_kind::hang, .method = "PATCH", .times = 1});
  create("web", "app");
  start({{"concurrency", {{"retry", {{"kubernetesTimeout", "300ms"}}}}}});
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto first = kube_.log("patch", "services").front();
  ASSERT_TRUE(first.finished.has_value());
  EXPECT_GE(*first.finished - first.started, 290ms);
  EXPECT_LE(*first.finished - first.started, 3s);
}

TEST_F(Controller, TinyMailboxLimitPausesIntakeButLosesNothing) {
  for (int i = 0; i < 120; ++i)
    create("web-" + std::to_string(i), "app-" + std::to_string(i));
  start({{"concurrency", {{"mailboxLimit", 2}}}});
  EXPECT_TRUE(eventually([&] { return edgelb_.pool_count() == 120; }, 60s));
  create("late", "late");
  EXPECT_TRUE(eventually([&] { return served("late"); }));
}

TEST_F(Controller, SchedulerThreadsAreAsManyAsConfigured) {
  const auto threads = [&](int wanted) {
    start({{"concurrency", {{"schedulerThreads", wanted}}}});
    EXPECT_TRUE(dklb_->wait_ready());
    int count = 0;
    for (const auto& task : std::filesystem::directory_iterator(
           "/proc/" + std::to_string(dklb_->process().pid()) + "/task")) {
      std::string name;
      std::getline(std::ifstream(task.path() / "comm"), name);
      count += name == "caf.multiplexer" ? 1 : 0;
    }
    stop();
    return count;
  };
  EXPECT_EQ(threads(1), 1);
  EXPECT_EQ(threads(5), 5);
}

} // namespace
} // namespace dklb::controller_test
