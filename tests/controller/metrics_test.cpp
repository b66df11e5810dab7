// What Prometheus sees of a running dklb.
#include "tests/controller/controller_fixture.hpp"
#include "tests/support/prometheus_text.hpp"

namespace dklb::controller_test {
namespace {

using support::prometheus_text;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ControllerMetrics : public Controller {
protected:
  prometheus_text page() const { return prometheus_text{dklb_->get("/metrics").body}; }
  double edgelb_requests(const char* method, const char* code) const {
    return page()
      .value("dklb_edgelb_requests_total", {{"method", method}, {"code", code}})
      .value_or(0);
  }
  double kubernetes_requests(const char* verb, const char* code) const {
    return page()
      .value("dklb_kubernetes_requests_total", {{"verb", verb}, {"code", code}})
      .value_or(0);
  }
};

TEST_F(ControllerMetrics, CountOneServedServiceAndNameNone) {
  create("unmistakable", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("unmistakable"); }));
  ASSERT_TRUE(eventually([&] {
    return page().value("dklb_services", {{"phase", "Provisioned"}}).value_or(0) == 1;
  }));
  ASSERT_TRUE(eventually([&] { return kubernetes_requests("create", "201") == 1; })) << "its event";
  const auto answer = dklb_->get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, Not(HasSubstr("unmistakable")));
  const prometheus_text shown{answer.body};
  EXPECT_THAT(shown.mistakes(), IsEmpty());
  EXPECT_EQ(shown.value("dklb_leader"), 1);
  EXPECT_EQ(shown.value("dklb_pools"), 1);
  EXPECT_LT(shown.value("dklb_watch_staleness_seconds", {{"watch", "services"}}).value_or(1e9), 60);
  EXPECT_EQ(shown.value("dklb_actors", {{"kind", "service"}}), 1);
  EXPECT_EQ(shown.value("dklb_edgelb_pool_writes_total", {{"cause", "create"}}), 1);
  EXPECT_EQ(shown.value("dklb_time_to_address_seconds_count"), 1);
  EXPECT_EQ(shown.value("dklb_oldest_pending_seconds"), 0);
  EXPECT_EQ(shown.value("dklb_actor_restarts_total", {{"kind", "pool"}}), 0);
  EXPECT_EQ(edgelb_requests("POST", "200"), static_cast<double>(edgelb_.count("create", "pools")));
  EXPECT_GE(edgelb_requests("GET", "200"), 2) << "the inventory and the metadata";
  EXPECT_EQ(kubernetes_requests("patch", "200"), 2) << "the Service and its status";
  EXPECT_GE(kubernetes_requests("list", "200"), 1);
  EXPECT_GE(shown.value("dklb_edgelb_request_seconds_count").value_or(0), 3);
}

TEST_F(ControllerMetrics, CountFailuresByWhatCame) {
  edgelb_.inject({.kind = fault_kind::status, .method = "POST", .times = 1});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_EQ(edgelb_requests("POST", "503"), 1);
  EXPECT_EQ(edgelb_requests("POST", "200"), 1);
  edgelb_.inject({.kind = fault_kind::cut_before, .method = "PUT", .times = 1});
  create("more", "app", {81});
  ASSERT_TRUE(eventually([&] { return served("more"); }));
  EXPECT_EQ(edgelb_requests("PUT", "error"), 1);
  EXPECT_EQ(edgelb_requests("PUT", "200"), 1);
  EXPECT_EQ(page().value("dklb_edgelb_pool_writes_total", {{"cause", "replace"}}), 1);
}

} // namespace
} // namespace dklb::controller_test
