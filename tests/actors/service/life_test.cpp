#include "domain/base/echo_guard.hpp"
#include "tests/actors/support/graph.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

/// The life of a Service through all actors.
class LifeOfAService : public ActorGraph {
protected:
  /// A Service that is listed, placed at 10.0.0.1 and settled.
  void settle(const std::string& name) {
    place(name, "10.0.0.1");
    start();
    list({make_service(name)});
    echo(name);
    advance(milliseconds{100});
  }
};

TEST_F(LifeOfAService, FromListToStatusInThreeKubernetesWrites) {
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  EXPECT_EQ(kube.log, (std::vector<std::string>{"patch default/a", "status default/a"}));
  EXPECT_EQ(edgelb.log, (std::vector<std::string>{"inventory", "create p", "metadata p"}));
  EXPECT_EQ(reasons("a"), std::vector<std::string>{"EnsuredLoadBalancer"});
  EXPECT_EQ(stored("a").finalizers, std::vector<std::string>{domain::finalizer_name});
  EXPECT_EQ(stored("a").addresses, (std::vector<domain::ingress>{{"10.0.0.1", ""}}));
  EXPECT_EQ(phase("a"), "Provisioned");
}

TEST_F(LifeOfAService, FinalizerIsThereBeforeTheFirstEdgelbWrite) {
  kube.patch_failures.push_back({domain::error_code::unavailable, "busy", {}, 503});
  start();
  list({make_service("a")});
  EXPECT_EQ(edgelb.writes(), 0U);
  advance(shared->concurrency().retry_base + milliseconds{50});
  EXPECT_EQ(edgelb.writes(), 1U);
}

TEST_F(LifeOfAService, EchoOfOurOwnWritesCausesNothing) {
  settle("a");
  const auto kube_log = kube.log;
  const auto edgelb_log = edgelb.log;
  const auto events = kube.events.size();
  echo("a");
  echo("a");
  EXPECT_EQ(kube.log, kube_log);
  EXPECT_EQ(edgelb.log, edgelb_log);
  EXPECT_EQ(kube.events.size(), events);
}

TEST_F(LifeOfAService, RestartOverSettledStateWritesNothing) {
  settle("a");
  const auto stored_before = stored("a");
  fail(supervisor_handle); // the whole graph ends with it
  kube.log.clear();
  kube.events.clear();
  edgelb.log.clear();
  start();
  list({stored_before});
  advance(milliseconds{10000});
  EXPECT_TRUE(kube.log.empty());
  EXPECT_TRUE(kube.events.empty());
  EXPECT_EQ(edgelb.writes(), 0U);
  EXPECT_EQ(edgelb.count("read p"), 0U) << "the inventory has it already";
  EXPECT_EQ(phase("a"), "Provisioned");
}

TEST_F(LifeOfAService, NothingIsWrittenBeforeTheListTheInventoryAndLeadership) {
  edgelb.read_failures.push_back({domain::error_code::unavailable, "away", {}, 503});
  start(false);
  list({make_service("a")});
  EXPECT_TRUE(kube.log.empty());
  advance(milliseconds{1100}); // the inventory is read now
  EXPECT_TRUE(kube.log.empty());
  EXPECT_EQ(edgelb.writes(), 0U);
  caf::anon_send(supervisor_handle, leadership_changed{true});
  run();
  EXPECT_EQ(edgelb.writes(), 1U);
}

TEST_F(LifeOfAService, EveryServiceOfALongListHearsThatWorkBegins) {
  constexpr int many = 150;
  std::vector<domain::service> services;
  services.reserve(many);
  for (int i = 0; i < many; ++i)
    services.push_back(make_service("s" + std::to_string(i), "p", 1000 + i));
  start(false);
  list(services);
  EXPECT_EQ(kube.count("patch default/s0"), 0U);
  caf::anon_send(supervisor_handle, leadership_changed{true});
  run();
  advance(milliseconds{1500});
  for (int i = 0; i < many; ++i)
    EXPECT_TRUE(holds("s" + std::to_string(i), 1000 + i));
  EXPECT_EQ(edgelb.writes(), 1U) << "they go together";
}

TEST_F(LifeOfAService, NothingIsWrittenBeforeTheFirstListIsComplete) {
  start();
  observe(make_service("a"));
  advance(milliseconds{1000});
  EXPECT_TRUE(kube.log.empty());
  EXPECT_EQ(edgelb.writes(), 0U);
}

TEST_F(LifeOfAService, ChangeIsFollowedEvenIfTheEchoOfOurWriteNeverCame) {
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  kube.untold.clear(); // a relist jumped over it
  auto object = stored("a");
  object.ports[0].port = 8080;
  object.resource_version = "900";
  observe(object);
  EXPECT_FALSE(holds("a", 8080));
  advance(domain::echo_timeout + milliseconds{500});
  EXPECT_TRUE(holds("a", 8080));
  EXPECT_FALSE(holds("a", 80));
}

TEST_F(LifeOfAService, AChangeThatTheWatchToldBeforeOurWriteWasAnsweredIsFollowed) {
  place("a", "10.0.0.1");
  kube.hold_answers = true;
  start();
  list({make_service("a")});
  auto object = stored("a");
  ASSERT_FALSE(object.finalizers.empty());
  object.ports[0].port = 8080;
  object.resource_version = "900";
  observe(object); // behind the echo of our patch
  kube.hold_answers = false;
  kube.let_go();
  run();
  EXPECT_TRUE(holds("a", 8080));
  EXPECT_FALSE(holds("a", 80));
  EXPECT_EQ(kube.count("patch default/a"), 1U);
}

TEST_F(LifeOfAService, AStatusThatWasWrittenWhileTheServiceChangedIsOfTheNewGeneration) {
  place("a", "10.0.0.1");
  start();
  auto first = make_service("a");
  first.generation = 1;
  list({first});
  echo("a");
  kube.hold_answers = true;
  place("a", "10.0.0.2");
  advance(shared->concurrency().poll_max);
  ASSERT_EQ(kube.count("status default/a"), 2U);
  auto object = stored("a");
  object.generation += 1;
  object.resource_version = "900";
  observe(object); // behind the echo of our patch
  kube.hold_answers = false;
  kube.let_go();
  run();
  EXPECT_EQ(kube.count("status default/a"), 3U);
  EXPECT_EQ(stored("a").own_condition->observed_generation, object.generation);
}

TEST_F(LifeOfAService, TheEchoOfAStatusThatCameBeforeItsAnswerCausesNothing) {
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  echo("a");
  kube.hold_answers = true;
  place("a", "10.0.0.2");
  advance(shared->concurrency().poll_max);
  echo("a");
  kube.hold_answers = false;
  kube.let_go();
  run();
  EXPECT_EQ(kube.count("status default/a"), 2U);
  EXPECT_EQ(reasons("a"), (std::vector<std::string>{"EnsuredLoadBalancer", "EnsuredLoadBalancer"}));
}

TEST_F(LifeOfAService, DeleteTakesTheFinalizerOffAfterTheLastObjectIsGone) {
  settle("a");
  edgelb.hold_writes = true;
  auto object = stored("a");
  object.deleting = true;
  object.resource_version = "900";
  observe(object);
  EXPECT_EQ(phase("a"), "Deleting");
  EXPECT_EQ(stored("a").finalizers.size(), 1U);
  advance(milliseconds{500});
  edgelb.hold_writes = false;
  edgelb.let_go();
  advance(milliseconds{500});
  EXPECT_TRUE(edgelb.pools.empty());
  EXPECT_TRUE(stored("a").finalizers.empty());
  vanish("a");
  EXPECT_TRUE(find("service").empty());
  EXPECT_TRUE(find("pool").empty());
  edgelb.log.clear();
  advance(shared->concurrency().poll_max);
  EXPECT_EQ(edgelb.count("metadata p"), 0U) << "nobody polls it any more";
}

TEST_F(LifeOfAService, DeletedWhileDklbWasDownIsCleanedUp) {
  settle("a");
  auto object = stored("a");
  fail(supervisor_handle);
  object.deleting = true;
  object.resource_version = "900";
  start();
  list({object});
  advance(milliseconds{500});
  EXPECT_TRUE(edgelb.pools.empty());
  EXPECT_TRUE(stored("a").finalizers.empty());
}

/// A weak handle keeps an actor's memory; every other one does so, too.
std::size_t weak_handles(const caf::weak_actor_ptr& actor) {
  // All strong ones together count as one.
  return actor->weak_refs - (actor->strong_refs > 0 ? 1 : 0);
}

TEST_F(LifeOfAService, NothingOfAServiceThatIsGoneStaysInAPoolThatLives) {
  start();
  list({make_service("stays", "p", 79)});
  for (const std::string name : {"deleted", "unwanted", "failed"}) {
    observe(make_service(name));
    advance(milliseconds{1000});
    ASSERT_TRUE(holds(name));
    std::vector<caf::weak_actor_ptr> those;
    const auto remember = [&] {
      const auto all = shared->actors->list();
      const auto found = std::ranges::find(all, "default/" + name, &roster::entry::key);
      those.push_back(caf::actor_cast<caf::weak_actor_ptr>(found->handle));
      return found->handle;
    };
    auto actor = remember();
    auto object = stored(name);
    if (name == "unwanted") {
      object.type = "ClusterIP";
    } else if (name == "failed") {
      fail(actor);
      advance(milliseconds{1000});
      remember();
    }
    actor = nullptr;
    object.deleting = name != "unwanted";
    object.resource_version = "900";
    observe(object);
    advance(milliseconds{1000});
    vanish(name);
    advance(milliseconds{60000}); // what is still on its way to it comes to an end
    for (const auto& each : those) {
      EXPECT_EQ(each->strong_refs, 0U) << name;
      EXPECT_EQ(weak_handles(each), 1U) << name << ": its own";
    }
  }
}

TEST_F(LifeOfAService, AStatusThatIsToBeTriedAgainIsNotHurriedByAnEchoThatNeverCame) {
  place("a", "10.0.0.1");
  start();
  list({make_service("a")});
  advance(milliseconds{100});
  // The watch shows the finalizer and then another's change, but never our status.
  auto& untold = kube.untold[key("a")];
  ASSERT_EQ(untold.size(), 2U);
  untold.pop_back();
  kube.status_failures.push_back(
    {domain::error_code::unavailable, "busy", milliseconds{60000}, 503});
  const auto before = kube.count("status default/a");
  auto object = stored("a");
  object.config_annotation = "surprise: 1\n";
  object.resource_version = "900";
  observe(object);
  EXPECT_EQ(kube.count("status default/a"), before + 1);
  advance(domain::echo_timeout + milliseconds{5000});
  EXPECT_EQ(kube.count("status default/a"), before + 1);
  advance(milliseconds{60000});
  EXPECT_EQ(kube.count("status default/a"), before + 2);
}

TEST_F(LifeOfAService, ObjectsOfAServiceThatIsGoneAreSweptAfterTheFirstInventory) {
  settle("a");
  fail(supervisor_handle);
  kube.services.clear();
  start();
  list({});
  advance(milliseconds{500});
  EXPECT_TRUE(edgelb.pools.empty());
}

TEST_F(LifeOfAService, OrphansAreOnlyReportedWhereTheModeSaysSo) {
  settle("a");
  fail(supervisor_handle);
  kube.services.clear();
  tune([](auto& live) { live.orphans = domain::orphan_mode::report; });
  start();
  list({});
  advance(milliseconds{500});
  EXPECT_TRUE(holds("a"));
}

TEST_F(LifeOfAService, MovesToAnotherPoolThatItWasGivenWhileDklbWasDown) {
  settle("a");
  auto object = stored("a");
  fail(supervisor_handle);
  object.config_annotation = "name: q\n";
  object.resource_version = "900";
  start();
  list({object});
  advance(milliseconds{500});
  EXPECT_TRUE(holds("a", 80, "q"));
  advance(shared->concurrency().resync_period + milliseconds{500});
  EXPECT_FALSE(edgelb.pools.contains("p"));
}

TEST_F(LifeOfAService, AnAnnotationNearItsLimitIsFollowedAsAnyOther) {
  // Written out again with its quotes escaped it would be too long to be read.
  auto object = make_service("a");
  object.config_annotation = "name: p\nconstraints: '" + std::string(200000, '"') + "'\n";
  place("a", "10.0.0.1");
  start();
  list({object});
  echo("a");
  advance(milliseconds{100});
  ASSERT_TRUE(holds("a", 80));
  object = stored("a");
  object.ports[0].port = 8080;
  object.resource_version = "900";
  observe(object);
  advance(milliseconds{500});
  EXPECT_TRUE(holds("a", 8080));
}

TEST_F(LifeOfAService, RenameIsRefusedAndTheOldPoolGoesOn) {
  settle("a");
  auto object = stored("a");
  object.config_annotation = "name: q\n";
  object.resource_version = "900";
  observe(object);
  advance(milliseconds{500});
  EXPECT_TRUE(holds("a"));
  EXPECT_FALSE(edgelb.pools.contains("q"));
  EXPECT_EQ(reasons("a").back(), "TranslationError");
}

TEST_F(LifeOfAService, BadAnnotationIsToldAndWhatWorkedGoesOn) {
  settle("a");
  const auto writes = edgelb.writes();
  auto object = stored("a");
  object.config_annotation = "name: p\nsize: none\n";
  object.resource_version = "900";
  observe(object);
  advance(milliseconds{500});
  EXPECT_EQ(phase("a"), "Refused");
  EXPECT_EQ(reasons("a").back(), "TranslationError");
  EXPECT_EQ(stored("a").own_condition->status, "False");
  EXPECT_EQ(stored("a").addresses.size(), 1U);
  EXPECT_EQ(edgelb.writes(), writes);
  object = stored("a");
  object.config_annotation = "name: p\n";
  object.resource_version = "901";
  observe(object);
  advance(milliseconds{500});
  EXPECT_EQ(phase("a"), "Provisioned");
  EXPECT_EQ(stored("a").own_condition->status, "True");
}

TEST_F(LifeOfAService, TypeChangeReleasesThePoolAndTakesTheAddressesBack) {
  settle("a");
  auto object = stored("a");
  object.type = "ClusterIP";
  object.resource_version = "900";
  observe(object);
  advance(milliseconds{500});
  EXPECT_TRUE(edgelb.pools.empty());
  EXPECT_TRUE(stored("a").finalizers.empty());
  EXPECT_TRUE(stored("a").addresses.empty());
  echo("a");
  EXPECT_TRUE(find("service").empty());
}

TEST_F(LifeOfAService, NewObjectOfTheSameNameStartsAfterTheOldOneIsCleanedUp) {
  settle("a");
  auto object = make_service("a", "q", 81);
  object.uid = "another";
  object.resource_version = "900";
  kube.services.erase(key("a"));
  observe(object);
  advance(milliseconds{1000});
  EXPECT_FALSE(edgelb.pools.contains("p"));
  EXPECT_TRUE(holds("a", 81, "q"));
}

TEST_F(LifeOfAService, SecondServiceOnTheSamePortIsToldByNameAndServedOnceItIsFree) {
  place("a", "10.0.0.1");
  start();
  auto second = make_service("b");
  second.creation_timestamp = "2026-02-01T00:00:00Z";
  list({make_service("a"), second});
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("a"));
  EXPECT_EQ(phase("b"), "Refused");
  EXPECT_EQ(reasons("b"), std::vector<std::string>{"PortConflict"});
  EXPECT_NE(explain("b").value("message", "").find("default/a"), std::string::npos);
  auto object = stored("a");
  object.deleting = true;
  object.resource_version = "900";
  observe(object);
  advance(milliseconds{1000});
  EXPECT_TRUE(holds("b"));
}

TEST_F(LifeOfAService, AwaitedAddressIsToldAfterTheGraceAndTheOldOneStays) {
  start();
  list({make_service("a")});
  EXPECT_EQ(kube.count("status default/a"), 0U);
  advance(shared->address_grace + milliseconds{50});
  EXPECT_EQ(kube.count("status default/a"), 1U);
  EXPECT_EQ(phase("a"), "AwaitingAddress");
  place("a", "10.0.0.1");
  advance(milliseconds{1100});
  EXPECT_EQ(phase("a"), "Provisioned");
  edgelb.metadata.clear();
  advance(milliseconds{300000});
  EXPECT_EQ(stored("a").addresses.size(), 1U);
  EXPECT_EQ(phase("a"), "Provisioned");
}

TEST_F(LifeOfAService, EdgelbTroubleIsToldOnceInItsOwnWordsAndTriedAgain) {
  for (int i = 0; i < 3; ++i)
    edgelb.write_failures.push_back({{domain::error_code::unavailable, "no room", {}, 503}, false});
  start();
  list({make_service("a")});
  advance(milliseconds{60000});
  const auto told = reasons("a");
  EXPECT_EQ(std::count(told.begin(), told.end(), "EdgeLBError"), 1);
  EXPECT_TRUE(holds("a"));
}

} // namespace
} // namespace dklb::actors::testing
