#include "actors/introspection/metrics.hpp"

#include "actors/introspection/metrics_page.hpp"
#include "tests/actors/support/graph.hpp"
#include "tests/support/prometheus_text.hpp"

#include "dklb/version.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace dklb::actors::testing {
namespace {

using domain::service_phase;
using std::chrono::seconds;
using support::prometheus_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

/// The page of counters that the test moves itself.
class Metrics : public ::testing::Test {
protected:
  prometheus_text page() const {
    runtime run;
    run.stats = stats;
    return prometheus_text{render_metrics(run, false)};
  }
  double services(const char* phase) const {
    return page().value("dklb_services", {{"phase", phase}}).value_or(-1);
  }

  metrics::clock::time_point time{};
  std::shared_ptr<metrics> stats = std::make_shared<metrics>([this] { return time; });
};

TEST_F(Metrics, ReadingsOfTheConfigurationAreCountedByWhatBecameOfThem) {
  const auto counted = [this](const char* result) {
    return page().value("dklb_config_reloads_total", {{"result", result}});
  };
  stats->config_reloaded(reload_result::applied);
  stats->config_reloaded(reload_result::rejected);
  stats->config_reloaded(reload_result::rejected);
  EXPECT_EQ(counted("applied"), 1);
  EXPECT_EQ(counted("unchanged"), 0);
  EXPECT_EQ(counted("rejected"), 2);
}

TEST_F(Metrics, PageIsInPrometheusTextFormatAlsoBeforeAnythingHappened) {
  const auto empty = page();
  EXPECT_THAT(empty.mistakes(), IsEmpty());
  EXPECT_EQ(empty.value("dklb_build_info", {{"version", version}}), 1);
  EXPECT_EQ(empty.value("dklb_leader"), 0);
  EXPECT_EQ(empty.value("dklb_pools"), 0);
  EXPECT_EQ(empty.value("dklb_oldest_pending_seconds"), 0);
  EXPECT_EQ(empty.value("dklb_time_to_address_seconds_count"), 0);
  for (const auto* cause : {"create", "replace", "remove"})
    EXPECT_EQ(empty.value("dklb_edgelb_pool_writes_total", {{"cause", cause}}), 0) << cause;
  for (std::size_t phase = 0; phase < service_phases; ++phase)
    EXPECT_EQ(services(to_string(static_cast<service_phase>(phase))), 0);
}

TEST_F(Metrics, ParserOfTheseTestsSeesWhatIsWrong) {
  const std::string head = "# HELP a_total b\n# TYPE a_total counter\n";
  EXPECT_THAT(prometheus_text{head + "a_total{x=\"1\",y=\"\\\"\"} 1\n"}.mistakes(), IsEmpty());
  for (const std::string bad :
       {"a_total 1", "a_total{x=1} 1\n", "a_total{x=\"1\"} \n", "a_total -1\n", "b 1\n",
        "a_total 1\na_total 1\n", "a-total 1\n", "a_total 1x\n", "# HELP a_total b\n",
        "# HELP c d\n# TYPE c counter\n", "# HELP c d\n# TYPE c histogram\nc_count 1\nc_sum 1\n"})
    EXPECT_THAT(prometheus_text{head + bad}.mistakes(), Not(IsEmpty())) << bad;
}

TEST_F(Metrics, AnswersAreCountedByMethodAndStatus) {
  stats->edgelb_answered("POST", 200, std::chrono::milliseconds{20});
  stats->edgelb_answered("POST", 200, seconds{2});
  stats->edgelb_answered("PUT", 0, seconds{30});
  stats->edgelb_answered("TRACE", 1000, seconds{60});
  for (const auto* method : {"GET", "LIST", "WATCH", "POST", "PUT", "PATCH", "DELETE", "HEAD"})
    stats->kubernetes_answered(method, 403);
  const auto shown = page();
  EXPECT_THAT(shown.mistakes(), IsEmpty());
  const auto edgelb = [&](const char* method, const char* code) {
    return shown.value("dklb_edgelb_requests_total", {{"method", method}, {"code", code}});
  };
  EXPECT_EQ(edgelb("POST", "200"), 2);
  EXPECT_EQ(edgelb("PUT", "error"), 1);
  EXPECT_EQ(edgelb("other", "error"), 1);
  EXPECT_EQ(edgelb("GET", "200"), std::nullopt);
  EXPECT_EQ(shown.value("dklb_edgelb_request_seconds_count"), 4);
  EXPECT_EQ(shown.value("dklb_edgelb_request_seconds_bucket", {{"le", "0.025"}}), 1);
  EXPECT_EQ(shown.value("dklb_edgelb_request_seconds_bucket", {{"le", "30"}}), 3);
  for (const auto* verb : {"get", "list", "watch", "create", "update", "patch", "delete", "other"})
    EXPECT_EQ(shown.value("dklb_kubernetes_requests_total", {{"verb", verb}, {"code", "403"}}), 1)
      << verb;
}

TEST_F(Metrics, ThreadsThatCountAtOnceLoseNothing) {
  constexpr int times = 1000;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([this] {
      for (int count = 0; count < times; ++count) {
        stats->kubernetes_answered("PATCH", 200 + count % 3);
        service_meter service{stats};
        service.enter(service_phase::waiting, false);
        service.enter(service_phase::provisioned, false);
      }
    });
  for (auto& thread : threads)
    thread.join();
  const auto shown = page();
  double sum = 0;
  for (const auto* code : {"200", "201", "202"})
    sum +=
      shown.value("dklb_kubernetes_requests_total", {{"verb", "patch"}, {"code", code}}).value();
  EXPECT_EQ(sum, 4 * times);
  EXPECT_EQ(shown.value("dklb_time_to_address_seconds_count"), 4 * times);
  EXPECT_EQ(services("Provisioned"), 0);
}

TEST_F(Metrics, ServiceCountsInOnePhaseUntilItIsGone) {
  std::optional<service_meter> service;
  service.emplace(stats);
  service->enter(service_phase::waiting, false);
  service->enter(service_phase::waiting, false);
  EXPECT_EQ(services("Waiting"), 1);
  service->enter(service_phase::refused, false);
  EXPECT_EQ(services("Waiting"), 0);
  EXPECT_EQ(services("Refused"), 1);
  service.reset();
  EXPECT_EQ(services("Refused"), 0);
}

TEST_F(Metrics, OldestWaitIsThatOfTheServiceThatWaitsForDklb) {
  const auto oldest = [this] { return page().value("dklb_oldest_pending_seconds"); };
  std::optional<service_meter> first;
  first.emplace(stats);
  first->enter(service_phase::provisioning, false);
  time += seconds{5};
  service_meter second{stats};
  second.enter(service_phase::waiting, false);
  time += seconds{5};
  first->enter(service_phase::awaiting_address, false);
  EXPECT_EQ(oldest(), 10) << "another phase of the same wait";
  first->enter(service_phase::refused, false);
  EXPECT_EQ(oldest(), 5) << "a refused Service waits for its owner";
  first->enter(service_phase::provisioning, false);
  second.enter(service_phase::provisioned, true);
  EXPECT_EQ(oldest(), 0);
  time += seconds{1};
  EXPECT_EQ(oldest(), 1);
  first.reset();
  EXPECT_EQ(oldest(), 0);
}

TEST_F(Metrics, TimeToAddressIsMeasuredForAFirstAddressOnly) {
  const auto measured = [this] {
    const auto shown = page();
    return std::vector{*shown.value("dklb_time_to_address_seconds_count"),
                       *shown.value("dklb_time_to_address_seconds_sum")};
  };
  service_meter service{stats};
  service.enter(service_phase::waiting, false);
  time += seconds{3};
  service.enter(service_phase::provisioned, true);
  EXPECT_THAT(measured(), ElementsAre(1, 3));
  service.enter(service_phase::provisioning, true);
  time += seconds{3};
  service.enter(service_phase::provisioned, true);
  EXPECT_THAT(measured(), ElementsAre(1, 3)) << "a change of a Service that has its address";
  service_meter refused{stats};
  refused.enter(service_phase::waiting, false);
  refused.enter(service_phase::refused, false);
  EXPECT_THAT(measured(), ElementsAre(1, 3));
}

/// What the actors make of it.
class MetricsOfTheActors : public ActorGraph {
protected:
  prometheus_text page() const { return prometheus_text{render_metrics(*shared, true)}; }
  std::optional<double> services(const char* phase) const {
    return page().value("dklb_services", {{"phase", phase}});
  }
};

TEST_F(MetricsOfTheActors, FollowAServiceThroughItsLife) {
  start();
  list({make_service("a")});
  echo("a");
  EXPECT_EQ(services("AwaitingAddress"), 1);
  place("a", "10.0.0.1");
  advance(seconds{2});
  EXPECT_EQ(services("AwaitingAddress"), 0);
  EXPECT_EQ(services("Provisioned"), 1);
  const auto shown = page();
  EXPECT_THAT(shown.mistakes(), IsEmpty());
  EXPECT_EQ(shown.value("dklb_pools"), 1);
  EXPECT_EQ(shown.value("dklb_actors", {{"kind", "service"}}), 1);
  EXPECT_EQ(shown.value("dklb_edgelb_pool_writes_total", {{"cause", "create"}}), 1);
  EXPECT_EQ(shown.value("dklb_time_to_address_seconds_count"), 1);
  vanish("a");
  EXPECT_EQ(services("Provisioned"), 0);
  EXPECT_EQ(page().value("dklb_edgelb_pool_writes_total", {{"cause", "remove"}}), 1);
}

TEST_F(MetricsOfTheActors, RestartedServiceIsNotCountedTwice) {
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  echo("a");
  EXPECT_EQ(page().value("dklb_actor_restarts_total", {{"kind", "service"}}), 0);
  fail(find("service").front());
  advance(seconds{2});
  EXPECT_EQ(services("Provisioned"), 1);
  EXPECT_EQ(page().value("dklb_actor_restarts_total", {{"kind", "service"}}), 1);
  EXPECT_EQ(page().value("dklb_time_to_address_seconds_count"), 1);
}

TEST_F(MetricsOfTheActors, StandbyCountsNoServices) {
  start(false);
  list({make_service("a")});
  advance(seconds{60});
  EXPECT_EQ(services("Waiting"), 0);
  EXPECT_EQ(page().value("dklb_oldest_pending_seconds"), 0);
  EXPECT_EQ(page().value("dklb_pools"), 0);
}

} // namespace
} // namespace dklb::actors::testing
