// What the API server can do wrong.
#include "tests/controller/controller_fixture.hpp"

namespace dklb::controller_test {
namespace {

using support::watch_close;

TEST_F(Controller, WaitsForAnApiServerThatIsAwayAtTheStart) {
  kube_.go_away();
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return dklb_->get("/readyz").status == 503; }));
  EXPECT_EQ(edgelb_.writes(), 0U);
  kube_.come_back();
  EXPECT_TRUE(eventually([&] { return served("web"); }));
}

TEST_F(Controller, CatchesUpAfterTheApiServerWasAway) {
  create("one", "one");
  start();
  ASSERT_TRUE(eventually([&] { return served("one"); }));
  wait_quiet();
  kube_.go_away();
  create("two", "two");
  remove("one");
  kube_.come_back();
  EXPECT_TRUE(eventually([&] { return served("two") && gone("one"); }));
  EXPECT_FALSE(has_pool("one"));
}

struct write_fault {
  const char* name;
  support::fault what;
};

class KubeWriteFault : public Controller, public ::testing::WithParamInterface<write_fault> {};

TEST_P(KubeWriteFault, IsOvercome) {
  create("web", "app");
  kube_.inject(GetParam().what);
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_EQ(edgelb_.count("create", "pools"), 1U);
  remove("web");
  EXPECT_TRUE(eventually([&] { return gone("web") && !has_pool("app"); }));
}

INSTANTIATE_TEST_SUITE_P(
  Table, KubeWriteFault,
  ::testing::Values(
    write_fault{"finalizer_500",
                {.method = "PATCH", .path = "*/services/web", .times = 2, .code = 500}},
    write_fault{
      "finalizer_429",
      {.method = "PATCH", .path = "*/services/web", .times = 1, .code = 429, .retry_after = 1s}},
    write_fault{"finalizer_conflict",
                {.method = "PATCH", .path = "*/services/web", .times = 1, .code = 409}},
    write_fault{
      "finalizer_cut_after",
      {.kind = fault_kind::cut_after, .method = "PATCH", .path = "*/services/web", .times = 1}},
    write_fault{
      "finalizer_half_body",
      {.kind = fault_kind::half_body, .method = "PATCH", .path = "*/services/web", .times = 1}},
    write_fault{"status_503", {.method = "PATCH", .path = "*/status", .times = 2}},
    write_fault{"status_html",
                {.kind = fault_kind::html, .method = "PATCH", .path = "*/status", .times = 1}},
    write_fault{
      "status_cut_before",
      {.kind = fault_kind::cut_before, .method = "PATCH", .path = "*/status", .times = 1}},
    write_fault{"status_cut_after",
                {.kind = fault_kind::cut_after, .method = "PATCH", .path = "*/status", .times = 1}},
    write_fault{"events_forbidden", {.method = "POST", .path = "*/events", .code = 403}},
    write_fault{"events_hang", {.kind = fault_kind::hang, .method = "POST", .path = "*/events"}}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(Controller, ConcurrentEditOfTheServiceIsNotLost) {
  create("web", "app");
  kube_.inject({.kind = fault_kind::delay_only,
                .method = "PATCH",
                .path = "*/services/web",
                .times = 1,
                .delay = 200ms});
  start();
  ASSERT_TRUE(eventually([&] { return kube_.count("patch", "services") == 1; }));
  patch("web", {{"metadata", {{"finalizers", {"example.com/theirs"}}, {"labels", {{"a", "b"}}}}}});
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(service("web")["metadata"]["finalizers"],
              ::testing::UnorderedElementsAre("example.com/theirs", finalizer));
  EXPECT_EQ(service("web")["metadata"]["labels"]["a"], "b");
}

struct watch_case {
  const char* name;
  std::function<void(support::kube_imposter&)> trouble;
};

class KubeWatchTrouble : public Controller, public ::testing::WithParamInterface<watch_case> {};

TEST_P(KubeWatchTrouble, LosesNoChange) {
  create("one", "one");
  start();
  ASSERT_TRUE(eventually([&] { return served("one"); }));
  ASSERT_TRUE(eventually([&] { return kube_.open_watches("services") == 1; }));
  wait_quiet();
  GetParam().trouble(kube_);
  create("two", "two");
  remove("one");
  EXPECT_TRUE(eventually([&] { return served("two") && gone("one") && !has_pool("one"); }));
}

INSTANTIATE_TEST_SUITE_P(
  Table, KubeWatchTrouble,
  ::testing::Values(
    watch_case{"clean_close", [](auto& kube) { kube.close_watches(watch_close::clean); }},
    watch_case{"cut", [](auto& kube) { kube.close_watches(watch_close::cut); }},
    watch_case{"cut_mid_frame", [](auto& kube) { kube.close_watches(watch_close::mid_frame); }},
    watch_case{"compaction",
               [](auto& kube) {
                 kube.compact();
                 kube.close_watches(watch_close::clean);
               }},
    watch_case{"error_event",
               [](auto& kube) {
                 kube.send_raw("services",
                               R"({"type":"ERROR","object":{"kind":"Status","code":410,)"
                               R"("reason":"Expired","message":"too old"}})"
                               "\n");
               }},
    watch_case{"not_json",
               [](auto& kube) {
                 kube.send_raw("services", "<html>\n");
                 kube.close_watches(watch_close::cut);
               }},
    watch_case{"object_without_metadata",
               [](auto& kube) {
                 kube.send_raw("services",
                               "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Service\"}}\n");
               }},
    watch_case{"object_of_wrong_types",
               [](auto& kube) {
                 kube.send_raw("services",
                               R"({"type":"ADDED","object":{"metadata":{"name":"x","namespace":)"
                               R"("y","uid":"z","resourceVersion":"1"},"spec":{"ports":"none"}}})"
                               "\n");
               }},
    watch_case{"tiny_chunks", [](auto& kube) { kube.cut_events_into(3); }},
    watch_case{"bookmark", [](auto& kube) { kube.send_bookmarks(); }}),
  [](const auto& entry) { return entry.param.name; });

struct list_case {
  const char* name;
  const char* item;
};

class KubeListItem : public Controller, public ::testing::WithParamInterface<list_case> {};

TEST_P(KubeListItem, ThatIsMalformedIsSkipped) {
  kube_.set_raw_list_item("services", GetParam().item);
  create("web", "app");
  start();
  EXPECT_TRUE(eventually([&] { return served("web"); }));
}

INSTANTIATE_TEST_SUITE_P(
  Table, KubeListItem,
  ::testing::Values(list_case{"number", "17"}, list_case{"null", "null"}, list_case{"empty", "{}"},
                    list_case{"no_spec", R"({"metadata": {"name": "x"}})"},
                    list_case{"metadata_array", R"({"metadata": [], "spec": {}})"},
                    list_case{"annotations_number",
                              R"({"metadata": {"name": "x", "namespace": "default", "uid": "u",
                                  "resourceVersion": "1", "annotations": 7},
                                  "spec": {"type": "LoadBalancer", "ports": [{"port": "x"}]}})"}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(Controller, ListInPagesSurvivesAnExpiredToken) {
  for (int i = 0; i < 600; ++i) {
    auto plain = load_balancer("default", "plain-" + std::to_string(i));
    plain["spec"]["type"] = "ClusterIP";
    kube_.create_service(plain);
  }
  create("web", "app");
  kube_.inject({.path = "/api/v1/services", .times = 2, .code = 410});
  start();
  EXPECT_TRUE(eventually([&] { return served("web"); }));
}

TEST_F(Controller, CoreEventsAreUsedWhereTheNewApiIsMissing) {
  kube_.hide_group("events.k8s.io/v1");
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto refused = [&] {
    const auto sent = kube_.log("create", "events");
    return sent.empty() ? std::string("nothing was sent") : sent.front().body;
  };
  ASSERT_TRUE(eventually([&] { return !event_reasons("web").empty(); })) << refused();
  EXPECT_EQ(kube_.events().front().value("apiVersion", ""), "v1");
}

TEST_F(Controller, StatusOfAServiceThatIsBeingDeletedIsNoTrouble) {
  edgelb_.hold_metadata("app");
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return has_pool("app"); }));
  remove("web");
  EXPECT_TRUE(eventually([&] { return gone("web") && !has_pool("app"); }));
}

TEST_F(Controller, RetryAfterOfTheListIsObeyed) {
  kube_.inject({.method = "GET",
                .path = "/api/v1/services",
                .query = "limit=",
                .times = 1,
                .code = 429,
                .retry_after = 1s});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto lists = kube_.log("list", "services");
  ASSERT_GE(lists.size(), 2U);
  EXPECT_GE(lists[1].started - lists[0].started, 1s);
}

TEST_F(Controller, RetryAfterOfTheWatchIsObeyedWithoutAnotherList) {
  create("one", "one");
  start();
  // A watch that ends within a second without an event is an error; this one has seen events.
  ASSERT_TRUE(eventually([&] { return served("one"); }));
  wait_quiet();
  kube_.inject(
    {.method = "GET", .path = "/api/v1/services", .times = 1, .code = 429, .retry_after = 1s});
  kube_.close_watches(watch_close::clean);
  create("two", "two");
  ASSERT_TRUE(eventually([&] { return served("two"); }));
  EXPECT_EQ(kube_.count("list", "services"), 1U);
  const auto watches = kube_.log("watch", "services");
  ASSERT_EQ(watches.size(), 4U)
    << "the list as a stream, which this server does not know, the first watch, the refused, and "
       "the one after it";
  EXPECT_GE(watches[3].started - watches[2].started, 1s);
}

TEST_F(Controller, FirstListIsAStreamWhereTheServerHasThem) {
  kube_.stream_initial_lists(true);
  for (const auto* name : {"one", "two"})
    create(name, name);
  start();
  ASSERT_TRUE(eventually([&] { return served("one") && served("two"); }));
  create("three", "three");
  ASSERT_TRUE(eventually([&] { return served("three"); }));
  EXPECT_EQ(kube_.count("list", "services"), 0U);
  EXPECT_EQ(kube_.count("watch", "services"), 1U);
}

TEST_F(Controller, ServerWithoutStreamedListsIsNoTrouble) {
  start();
  ASSERT_TRUE(dklb_->wait_ready());
  EXPECT_EQ(kube_.count("list", "services"), 1U);
  EXPECT_EQ(dklb_->output().find("sendInitialEvents"), std::string::npos);
}

TEST_F(Controller, SilentWatchIsShownAsStaleAndATroubleUntilItWorks) {
  start();
  ASSERT_TRUE(eventually([&] { return kube_.open_watches("services") == 1; }));
  kube_.silence_watches();
  const auto stale = [&](const char* text) {
    return dklb_->get("/readyz?verbose").body.find(text) != std::string::npos;
  };
  EXPECT_TRUE(eventually([&] { return stale("watch of services: last heard of 2s ago"); }));
  const auto fault = kube_.inject(
    {.method = "GET", .path = "/api/v1/services", .code = 503, .text = "etcd is away"});
  kube_.close_watches(watch_close::cut);
  EXPECT_TRUE(eventually([&] { return stale("[!] services: "); }));
  EXPECT_EQ(dklb_->get("/readyz").status, 200) << "what it knows is still good";
  kube_.remove_fault(fault);
  EXPECT_TRUE(eventually([&] { return !stale("[!] services: "); }));
}

TEST_F(Controller, EventsWaitUntilTheServerHasSaidWhichApiItHas) {
  kube_.inject({.method = "GET", .path = "/apis/events.k8s.io/v1", .times = 1, .code = 503});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return !event_reasons("web").empty(); }));
  for (const auto& entry : kube_.log("create", "events"))
    EXPECT_TRUE(entry.target.find("/apis/events.k8s.io/v1/") != std::string::npos) << entry.target;
}

} // namespace
} // namespace dklb::controller_test
