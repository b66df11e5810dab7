#include "tests/support/kube/kube_imposter.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/services.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace dklb::support {
namespace {

using nlohmann::json;

class KubeWatch : public ::testing::Test {
protected:
  std::unique_ptr<raw_client> watch(const std::string& version, const std::string& more = {}) {
    auto client = std::make_unique<raw_client>(server_.port());
    client->open("/api/v1/services?watch=1&resourceVersion=" + version + more);
    return client;
  }
  static json next(raw_client& client) { return json::parse(client.read_line()); }

  kube_imposter server_;
};

TEST_F(KubeWatch, ShowsChangesInOrderFromTheVersionAsked) {
  const auto from = server_.resource_version();
  server_.create_service(load_balancer("default", "web"));
  const auto client = watch(from);
  server_.patch_service("default", "web", {{"metadata", {{"labels", {{"a", "b"}}}}}});
  server_.delete_service("default", "web");
  EXPECT_EQ(next(*client)["type"], "ADDED");
  EXPECT_EQ(next(*client)["type"], "MODIFIED");
  const auto last = next(*client);
  EXPECT_EQ(last["type"], "DELETED");
  EXPECT_EQ(last["object"]["metadata"]["resourceVersion"], server_.resource_version());
}

TEST_F(KubeWatch, SeesOnlyItsNamespaceAndName) {
  raw_client client(server_.port());
  client.open("/api/v1/namespaces/one/services?watch=1&resourceVersion="
              + server_.resource_version() + "&fieldSelector=metadata.name%3Dweb");
  server_.create_service(load_balancer("two", "web"));
  server_.create_service(load_balancer("one", "other"));
  server_.create_service(load_balancer("one", "web"));
  EXPECT_EQ(next(client)["object"]["metadata"]["namespace"], "one");
}

TEST_F(KubeWatch, FromBeforeCompactionGetsAnErrorEvent) {
  const auto from = server_.resource_version();
  server_.create_service(load_balancer("default", "web"));
  server_.compact();
  const auto client = watch(from);
  const auto event = next(*client);
  EXPECT_EQ(event["type"], "ERROR");
  EXPECT_EQ(event["object"]["code"], 410);
  EXPECT_EQ(client->read_line(), "");
  EXPECT_TRUE(client->ended_cleanly());
}

TEST_F(KubeWatch, CurrentAfterCompactionGoesOn) {
  server_.compact();
  const auto client = watch(server_.resource_version());
  server_.create_service(load_balancer("default", "web"));
  EXPECT_EQ(next(*client)["type"], "ADDED");
}

TEST_F(KubeWatch, BookmarksGoToThoseWhoAsked) {
  const auto with = watch(server_.resource_version(), "&allowWatchBookmarks=true");
  const auto without = watch(server_.resource_version());
  server_.send_bookmarks();
  server_.create_service(load_balancer("default", "web"));
  const auto bookmark = next(*with);
  EXPECT_EQ(bookmark["type"], "BOOKMARK");
  EXPECT_EQ(bookmark["object"]["metadata"].size(), 1U);
  EXPECT_EQ(next(*without)["type"], "ADDED");
}

TEST_F(KubeWatch, EventsArriveWholeHoweverTheyAreCut) {
  server_.cut_events_into(7);
  const auto client = watch(server_.resource_version());
  const auto made = server_.create_service(load_balancer("default", "web"));
  EXPECT_EQ(next(*client)["object"], made);
}

TEST_F(KubeWatch, EndsAsTold) {
  for (const auto how : {watch_close::clean, watch_close::cut, watch_close::mid_frame}) {
    const auto client = watch(server_.resource_version());
    server_.close_watches(how);
    EXPECT_EQ(client->read_line(), "");
    EXPECT_EQ(client->ended_cleanly(), how == watch_close::clean);
  }
}

TEST_F(KubeWatch, EndsCleanlyAfterTimeoutSeconds) {
  const auto client = watch(server_.resource_version(), "&timeoutSeconds=1");
  EXPECT_EQ(client->read_line(), "");
  EXPECT_TRUE(client->ended_cleanly());
}

TEST_F(KubeWatch, SilentOneStaysOpenAndANewOneWorks) {
  const auto from = server_.resource_version();
  const auto silent = watch(from);
  server_.silence_watches();
  const auto fresh = watch(from);
  server_.create_service(load_balancer("default", "web"));
  EXPECT_EQ(next(*fresh)["type"], "ADDED");
  EXPECT_EQ(server_.open_watches("services"), 2U);
}

TEST_F(KubeWatch, InitialEventsEndWithAMarkedBookmark) {
  server_.create_service(load_balancer("default", "web"));
  raw_client refused(server_.port());
  const std::string target =
    "/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
  EXPECT_EQ(refused.call("GET", target).status, 422);
  server_.stream_initial_lists(true);
  raw_client client(server_.port());
  client.open(target);
  EXPECT_EQ(next(client)["type"], "ADDED");
  EXPECT_EQ(next(client)["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
}

TEST_F(KubeWatch, IsForgottenWhenTheClientGoes) {
  {
    const auto client = watch(server_.resource_version());
    EXPECT_TRUE(server_.wait_until([&] { return server_.open_watches("services") == 1; }));
  }
  EXPECT_TRUE(server_.wait_until([&] { return server_.open_watches("services") == 0; }));
}

TEST_F(KubeWatch, FiftyConnectionsAndWatchesAreServedTogether) {
  std::vector<std::unique_ptr<raw_client>> watchers;
  std::vector<std::unique_ptr<raw_client>> callers;
  for (int i = 0; i < 50; ++i) {
    watchers.push_back(watch(server_.resource_version()));
    callers.push_back(std::make_unique<raw_client>(server_.port()));
  }
  for (auto& caller : callers)
    EXPECT_EQ(caller->call("GET", "/readyz").body, "ok");
  server_.create_service(load_balancer("default", "web"));
  for (auto& watcher : watchers)
    EXPECT_EQ(next(*watcher)["type"], "ADDED");
  for (auto& caller : callers)
    EXPECT_EQ(caller->call("GET", "/api/v1/namespaces/default/services/web").status, 200);
}

} // namespace
} // namespace dklb::support
