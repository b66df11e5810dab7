#include "tests/bench/bare_loop.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/edgelb_imposter.hpp"
#include "tests/support/kube/kube_imposter.hpp"
#include "tests/support/services.hpp"

#include <gtest/gtest.h>

namespace dklb::bench {
namespace {

using support::edgelb_imposter;
using support::fault_kind;

bare_chain pool_chain(const edgelb_imposter& server, int number) {
  const auto name = "pool-" + std::to_string(number);
  return {
    {0, "POST", server.url() + "/v2/pools", "application/json", R"({"name": ")" + name + "\"}"},
    {1, "GET", server.url() + "/v2/pools/" + name + "/metadata", "", ""},
    {0, "PUT", server.url() + "/v2/pools/" + name, "application/json",
     R"({"name": ")" + name + "\"}"}};
}

TEST(BareLoop, MakesEachRequestOnceAndInOrder) {
  edgelb_imposter server;
  std::vector<bare_chain> chains;
  for (int i = 0; i < 20; ++i)
    chains.push_back(pool_chain(server, i));
  const auto outcome = run_bare_loop(chains, {3, 2});
  EXPECT_EQ(outcome.requests, 60U);
  EXPECT_EQ(outcome.failures, 0U);
  EXPECT_EQ(server.count("create", "pools"), 20U);
  EXPECT_EQ(server.count("get", "pools/metadata"), 20U);
  EXPECT_EQ(server.count("update", "pools"), 20U);
}

TEST(BareLoop, KeepsItsLimits) {
  edgelb_imposter server;
  server.inject({.kind = fault_kind::delay_only, .delay = std::chrono::milliseconds(5)});
  std::vector<bare_chain> chains;
  for (int i = 0; i < 12; ++i)
    chains.push_back({{0, "GET", server.url() + "/v2/pools", "", ""}});
  run_bare_loop(chains, {3});
  EXPECT_EQ(server.peak_in_flight(), 3U);
}

TEST(BareLoop, CountsFailures) {
  edgelb_imposter server;
  server.inject({.kind = fault_kind::cut_before, .times = 1});
  const std::vector<bare_chain> chains{{{0, "GET", server.url() + "/v2/pools", "", ""}},
                                       {{0, "GET", server.url() + "/v2/pools/none", "", ""}}};
  EXPECT_EQ(run_bare_loop(chains, {1}).failures, 2U);
}

TEST(BareLoop, ReceivesAStreamMeanwhile) {
  support::kube_imposter server;
  server.create_service(support::load_balancer("default", "web", {80}, ""));
  const auto services = server.url() + "/api/v1/services";
  const std::vector<bare_chain> chains{{{0, "GET", services, "", ""}}};
  const auto outcome = run_bare_loop(chains, {1}, {services + "?watch=1&resourceVersion=0"});
  EXPECT_EQ(outcome.requests, 1U);
  EXPECT_GT(outcome.cpu_seconds, 0);
  EXPECT_EQ(server.count("watch", "services"), 1U);
}

TEST(BareLoop, MeasuresIdleRoundTrips) {
  edgelb_imposter server;
  const auto seconds = idle_round_trips(server.url() + "/ping", 5);
  ASSERT_EQ(seconds.size(), 5U);
  EXPECT_GT(seconds.front(), 0);
  EXPECT_LE(seconds.front(), seconds.back());
}

TEST(Table, HasALineForEachRow) {
  const auto text = markdown({{"a", "1", "2", "0.5"}, {"b", "3", "", ""}});
  EXPECT_NE(text.find("| a | 1 | 2 | 0.5 |\n"), std::string::npos);
  EXPECT_NE(text.find("| b | 3 |  |  |\n"), std::string::npos);
}

TEST(Table, TakesPercentilesOfSortedValues) {
  const std::vector<double> values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_EQ(percentile(values, 0.5), 6);
  EXPECT_EQ(percentile(values, 0.99), 10);
  EXPECT_EQ(percentile({}, 0.5), 0);
}

} // namespace
} // namespace dklb::bench
