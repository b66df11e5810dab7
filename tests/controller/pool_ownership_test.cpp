// What users own in EdgeLB outlives the Services that use it.
#include "tests/controller/controller_fixture.hpp"

namespace dklb::controller_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr const char* resync = "100ms";

/// With an inventory that is read again often.
class PoolOwnership : public Controller {
protected:
  void start_often() { start({{"concurrency", {{"resyncPeriod", resync}}}}); }

  static pool_json empty_pool(const std::string& name) {
    auto pool = foreign_pool(name);
    for (const char* part : {"frontends", "backends"})
      pool["haproxy"][part] = pool_json::array();
    return pool;
  }
  json backend(const std::string& pool, const std::string& name) const {
    const auto document = edgelb_.pool(pool);
    for (const auto& each : document->at("haproxy").at("backends"))
      if (each["name"] == name)
        return each;
    return nullptr;
  }
  void pause(const std::string& name, bool paused) {
    json value = nullptr;
    if (paused)
      value = "true";
    patch(name, {{"metadata", {{"annotations", {{"kubernetes.dcos.io/dklb-paused", value}}}}}});
  }
  /// The inventory was read several times from now on.
  void wait_for_resyncs() {
    const auto seen = edgelb_.count("list", "pools");
    ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") >= seen + 3; }));
  }
};

TEST_F(PoolOwnership, HandMadePoolOfAServiceThatSaysNeverOutlivesIt) {
  edgelb_.put_pool(empty_pool("hand-made"));
  const auto before = edgelb_.pool("hand-made")->dump();
  create("web", "hand-made", {80}, "strategies: {creation: Never}\n");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  ASSERT_TRUE(has_pool("hand-made"));
  EXPECT_EQ(edgelb_.pool("hand-made")->dump(), before);
}

TEST_F(PoolOwnership, HandMadePoolOutlivesADeletionWhileDklbIsDown) {
  edgelb_.put_pool(empty_pool("hand-made"));
  create("web", "hand-made", {80}, "strategies: {creation: Never}\n");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  stop();
  remove("web");
  start();
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  ASSERT_TRUE(has_pool("hand-made"));
  EXPECT_TRUE(frontends("hand-made").empty());
}

struct link_case {
  const char* name;
  const char* link;
};

class LinkedBackend : public PoolOwnership, public ::testing::WithParamInterface<link_case> {
protected:
  /// Served on a pool where somebody's frontend links to the backend of "web".
  void start_linked() {
    create("web", "app", {80});
    create("other", "app", {81});
    start_often();
    ASSERT_TRUE(eventually([&] { return served("web") && served("other"); }));
    auto pool = *edgelb_.pool("app");
    auto manual = pool_json::parse(R"({"name": "manual", "bindPort": 9000, "protocol": "HTTP"})");
    std::string link = GetParam().link;
    link.replace(link.find("WEB"), 3, object_name("web", 80));
    manual["linkBackend"] = pool_json::parse(link);
    pool["haproxy"]["frontends"].push_back(manual);
    edgelb_.put_pool(pool);
    wait_for_resyncs(); // what dklb wrote itself counts as known for a few seconds
  }
};

TEST_P(LinkedBackend, StaysValidAndServesNobodyOnceItsServiceHasGone) {
  start_linked();
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); })) << "the release ends";
  EXPECT_THAT(frontends("app"), UnorderedElementsAre("manual", object_name("other", 81)));
  const auto left = backend("app", object_name("web", 80));
  ASSERT_EQ(left["services"].size(), 1U);
  EXPECT_EQ(left["services"][0]["endpoint"]["type"], "ADDRESS");
  EXPECT_EQ(left["services"][0]["endpoint"]["address"], "127.0.0.1");
  EXPECT_EQ(left["services"][0]["endpoint"]["port"], 1);
  create("third", "app", {82});
  ASSERT_TRUE(eventually([&] { return served("third"); })) << "the pool goes on";
  for (const char* name : {"other", "third"})
    EXPECT_THAT(event_reasons(name), Not(Contains("TranslationError"))) << name;
}

TEST_P(LinkedBackend, IsTakenOverByAServiceOfThatName) {
  start_linked();
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  create("web", "app", {80});
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto services = backend("app", object_name("web", 80))["services"];
  ASSERT_EQ(services.size(), 1U);
  EXPECT_EQ(services[0]["endpoint"]["type"], "CONTAINER_IP");
}

TEST_P(LinkedBackend, IsSweptOnceNothingLinksToIt) {
  start_linked();
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  wait_for_resyncs();
  ASSERT_FALSE(backend("app", object_name("web", 80)).is_null());
  auto pool = *edgelb_.pool("app");
  std::erase_if(pool["haproxy"]["frontends"].get_ref<pool_json::array_t&>(),
                [](const auto& each) { return each["name"] == "manual"; });
  edgelb_.put_pool(pool);
  EXPECT_TRUE(eventually([&] { return backend("app", object_name("web", 80)).is_null(); }));
  EXPECT_THAT(frontends("app"), UnorderedElementsAre(object_name("other", 81)));
}

INSTANTIATE_TEST_SUITE_P(
  Table, LinkedBackend,
  ::testing::Values(link_case{"default", R"({"defaultBackend": "WEB"})"},
                    link_case{"map", R"({"map": [{"pathBeg": "/web", "backend": "WEB"}]})"}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(PoolOwnership, PoolOfAPausedServiceThatSomebodyDeletesStaysAwayUntilThePauseEnds) {
  create("web", "app");
  start_often();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto before = addresses("web");
  pause("web", true);
  ASSERT_TRUE(eventually([&] { return reason("web") == "TranslationPaused"; }));
  edgelb_.remove_pool("app");
  wait_for_resyncs();
  EXPECT_FALSE(has_pool("app"));
  stop();
  start_often();
  ASSERT_TRUE(dklb_->wait_ready());
  wait_for_resyncs();
  EXPECT_FALSE(has_pool("app"));
  EXPECT_EQ(addresses("web"), before);
  pause("web", false);
  EXPECT_TRUE(eventually([&] { return has_pool("app"); }));
  EXPECT_TRUE(eventually([&] { return reason("web") == "EnsuredLoadBalancer"; }));
}

TEST_F(PoolOwnership, DeletionOfAPausedServiceWaitsAndSaysWhatFor) {
  create("web", "app");
  start_often();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  pause("web", true);
  ASSERT_TRUE(eventually([&] { return reason("web") == "TranslationPaused"; }));
  remove("web");
  ASSERT_TRUE(
    eventually([&] { return message("web").find("remove the annotation") != std::string::npos; }));
  wait_for_resyncs();
  EXPECT_TRUE(has_pool("app"));
  EXPECT_FALSE(gone("web"));
  pause("web", false);
  EXPECT_TRUE(eventually([&] { return gone("web") && !has_pool("app"); }));
}

TEST_F(PoolOwnership, OneServicesRefusalNamesWhoHasThePort) {
  create("first", "one");
  // The next try by itself comes too late for this test.
  start({{"concurrency", {{"retry", {{"base", "60s"}, {"max", "60s"}}}}}});
  ASSERT_TRUE(eventually([&] { return served("first"); }));
  edgelb_.refuse_when([](const pool_json& document) -> std::optional<std::string> {
    if (document["name"] == "two")
      return "the pool cannot run on any agent: port 80 on 10.0.0.1 belongs to the pool one";
    return std::nullopt;
  });
  create("second", "two");
  ASSERT_TRUE(eventually([&] { return reason("second") == "PortConflict"; }));
  EXPECT_THAT(message("second"), HasSubstr("service default/first in pool \"one\""));
  EXPECT_GE(explained("second")["attempts"], 1);
  EXPECT_TRUE(explained("second")["nextRetry"].is_string());
  edgelb_.refuse_when(nullptr);
  remove("first");
  EXPECT_TRUE(eventually([&] { return served("second"); }));
}

} // namespace
} // namespace dklb::controller_test
