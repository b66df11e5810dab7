// Services that another dklb serves, or that change their server.
#include "tests/actors/support/graph.hpp"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* other_finalizer = "kubernetes.dcos.io/dklb.example.com_internal";

domain::service of_another(const std::string& name) {
  auto object = make_service(name);
  object.resource_version = "50";
  object.finalizers = {other_finalizer};
  return object;
}

class Ownership : public ActorGraph {
protected:
  void serve(const std::string& name) {
    place(name, "10.0.0.1");
    start();
    list({make_service(name)});
    echo(name);
    advance(milliseconds{100});
    ASSERT_TRUE(holds(name));
    forget_logs();
  }

  void forget_logs() {
    kube.log.clear();
    kube.events.clear();
    edgelb.log.clear();
  }

  /// The stored object, changed by somebody else.
  void change(const std::string& name, const std::function<void(domain::service&)>& edit) {
    auto object = stored(name);
    edit(object);
    object.resource_version = std::to_string(++kube.version);
    observe(object);
    advance(milliseconds{500});
  }

  void expect_nothing_written() {
    EXPECT_THAT(kube.log, IsEmpty());
    EXPECT_THAT(kube.events, IsEmpty());
    EXPECT_EQ(edgelb.writes(), 0U);
  }
};

TEST_F(Ownership, NothingIsWrittenAboutAServiceOfAnotherDklbInAnyStateOfIts) {
  edgelb.read_failures.push_back({domain::error_code::unavailable, "away", {}, 503});
  start();
  auto addressed = of_another("b");
  addressed.addresses = {{"10.0.0.9", ""}};
  list({of_another("a"), addressed});
  advance(milliseconds{5000});
  EXPECT_EQ(phase("a"), "Ignored");
  EXPECT_THAT(explain("a").value("message", ""), HasSubstr(other_finalizer));
  change("a", [](auto& object) { object.config_annotation = "size: none"; });
  change("a", [](auto& object) { object.type = "ClusterIP"; });
  EXPECT_EQ(phase("a"), "Ignored") << "until its server has released it";
  change("b", [](auto& object) { object.deleting = true; });
  advance(shared->concurrency().resync_period);
  expect_nothing_written();
  change("a", [](auto& object) { object.finalizers.clear(); });
  EXPECT_EQ(phase("a"), "gone");
  expect_nothing_written();
}

TEST_F(Ownership, TheLoserOfTwoThatTakeAServiceAtOnceLeavesIt) {
  start();
  list({make_service("b")}); // so that its pool is known
  kube.patch_failures.push_back({domain::error_code::conflict, "changed", {}, 409});
  auto object = make_service("a", "q");
  object.resource_version = "49";
  observe(object);
  observe(of_another("a"));
  advance(shared->concurrency().retry_base * 2);
  EXPECT_EQ(phase("a"), "Ignored");
  EXPECT_EQ(kube.count("patch default/a"), 1U);
  EXPECT_EQ(kube.count("status default/a"), 0U);
  EXPECT_THAT(reasons("a"), IsEmpty());
  EXPECT_FALSE(edgelb.pools.contains("q"));
}

TEST_F(Ownership, AServiceIsTakenOnceItsFormerServerHasReleasedIt) {
  start();
  list({of_another("a")});
  EXPECT_FALSE(holds("a"));
  change("a", [](auto& object) { object.finalizers.clear(); });
  EXPECT_TRUE(holds("a"));
  EXPECT_EQ(stored("a").finalizers, std::vector<std::string>{domain::finalizer_name});
}

TEST_F(Ownership, AServiceHandedToAnotherDklbKeepsItsObjectsAndIsLeftAlone) {
  serve("a");
  change("a", [](auto& object) { object.finalizers = {other_finalizer}; });
  EXPECT_EQ(phase("a"), "Ignored");
  EXPECT_TRUE(holds("a"));
  EXPECT_TRUE(find("pool").empty()) << "nobody claims anything of it any more";
  edgelb.pools.at("p")["haproxy"]["frontends"][0]["bindPort"] = 4711;
  place("a", "10.0.0.2");
  advance(shared->concurrency().resync_period + milliseconds{500});
  expect_nothing_written();
  change("a", [](auto& object) { object.finalizers.clear(); });
  EXPECT_EQ(phase("a"), "Provisioned") << "and may come back";
}

TEST_F(Ownership, AServiceThatLostItsFinalizerAndItsTypeByForceIsReleased) {
  serve("a");
  change("a", [](auto& object) {
    object.finalizers.clear();
    object.type = "ClusterIP";
  });
  EXPECT_TRUE(edgelb.pools.empty());
  EXPECT_TRUE(find("service").empty());
  EXPECT_EQ(kube.count("patch default/a"), 0U);
}

TEST_F(Ownership, ACleanUpThatAnotherDklbOvertookEndsWithoutAWord) {
  serve("a");
  edgelb.hold_writes = true;
  change("a", [](auto& object) { object.type = "ClusterIP"; });
  change("a", [](auto& object) {
    object.type = "LoadBalancer";
    object.load_balancer_class = "example.com/internal";
    object.finalizers = {other_finalizer};
  });
  edgelb.hold_writes = false;
  edgelb.let_go();
  advance(milliseconds{500});
  EXPECT_EQ(phase("a"), "Ignored");
  EXPECT_THAT(kube.log, IsEmpty());
  EXPECT_THAT(kube.events, IsEmpty());
}

TEST_F(Ownership, ObjectsOfAServiceThatOnlyTheApiServerKnowsAreNoOrphans) {
  serve("a");
  const auto object = stored("a");
  fail(supervisor_handle);
  start();
  list({}); // the watch lags behind
  advance(milliseconds{500});
  EXPECT_TRUE(holds("a"));
  EXPECT_EQ(kube.count("read default/a"), 1U);

  kube.services.clear();
  kube.object_failures.push_back({domain::error_code::unavailable, "away", {}, 503});
  advance(shared->concurrency().resync_period);
  EXPECT_TRUE(holds("a")) << "it is not known to be gone";
  advance(shared->concurrency().resync_period + milliseconds{500});
  EXPECT_FALSE(holds("a"));
}

TEST_F(Ownership, ObjectsOfAServiceThatIsNobodysAreOrphansAlthoughItLives) {
  serve("a");
  fail(supervisor_handle);
  auto& object = kube.services.at(key("a"));
  object.type = "ClusterIP";
  object.finalizers.clear();
  start();
  list({});
  advance(milliseconds{500});
  EXPECT_FALSE(holds("a"));
}

TEST_F(Ownership, ServicesOfOtherDklbsAreNamedAtTheStartAndWhenTheyChangeTheirServer) {
  std::ostringstream text;
  const auto silent = shared->log;
  shared->log = std::make_shared<spdlog::logger>(
    "test", std::make_shared<spdlog::sinks::ostream_sink_st>(text));
  const auto lines = [&] {
    std::size_t count = 0;
    for (auto at = text.str().find("left alone"); at != std::string::npos;
         at = text.str().find("left alone", at + 1))
      ++count;
    return count;
  };
  start();
  list({of_another("a"), of_another("b"), make_service("c", "q")});
  EXPECT_EQ(lines(), 1U);
  EXPECT_THAT(text.str(), HasSubstr("default/a, default/b; they would be served here otherwise"));
  change("a", [](auto& object) { object.ports[0].port = 81; });
  list({stored("a"), stored("b")}); // a relist
  EXPECT_EQ(lines(), 1U);
  change("c", [](auto& object) { object.finalizers = {other_finalizer}; });
  EXPECT_EQ(lines(), 2U);
  observe(of_another("d"));
  EXPECT_EQ(lines(), 3U);
  shared->log = silent; // the actors outlive the text
}

} // namespace
} // namespace dklb::actors::testing
