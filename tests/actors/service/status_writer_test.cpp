#include "domain/base/write_back_limit.hpp"
#include "tests/actors/support/graph.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace dklb::actors::testing {
namespace {

using limit = domain::write_back_limit;

/// The status of a Service while others write to it, too.
class StatusWriter : public ActorGraph {
protected:
  /// A Service that is placed at 10.0.0.1 and settled.
  void settle() {
    place("a", "10.0.0.1");
    start();
    list({make_service("a")});
    echo("a");
    advance(milliseconds{100});
    ASSERT_EQ(stored("a").addresses, ours);
    kube.log.clear();
    kube.events.clear();
  }

  /// Another program writes its address where the status shows another one.
  bool interfere() {
    echo("a");
    if (stored("a").addresses == theirs)
      return false;
    auto object = stored("a");
    object.addresses = theirs;
    object.resource_version = std::to_string(++kube.version);
    observe(object);
    return true;
  }

  /// It does so at every event for this long.
  void fight(milliseconds during) {
    for (auto left = during; left > milliseconds{0}; left -= milliseconds{20}) {
      (void)interfere();
      advance(milliseconds{20});
    }
  }

  std::size_t status_writes() const { return kube.count("status default/a"); }

  const std::vector<domain::ingress> ours{{"10.0.0.1", ""}};
  const std::vector<domain::ingress> theirs{{"203.0.113.66", ""}};
};

TEST_F(StatusWriter, PutsBackAtOnceWhatWasChangedOnce) {
  settle();
  ASSERT_TRUE(interfere());
  EXPECT_EQ(stored("a").addresses, ours);
  EXPECT_EQ(status_writes(), 1U);
  EXPECT_TRUE(kube.events.empty());
  EXPECT_EQ(stored("a").own_condition->reason, "EnsuredLoadBalancer");
}

TEST_F(StatusWriter, DoesNotFightAProgramThatWritesAtEveryEvent) {
  settle();
  fight(milliseconds{60000});
  // At 0, 1, 3, 7, 15 and 31 s.
  EXPECT_EQ(status_writes(), 6U);
  EXPECT_EQ(reasons("a"), std::vector<std::string>{"StatusContested"}) << "told once";
  EXPECT_TRUE(kube.events.front().warning);
  EXPECT_EQ(stored("a").own_condition->reason, "StatusContested");
  EXPECT_EQ(stored("a").own_condition->status, "False");
}

TEST_F(StatusWriter, WritesItsOwnNewAddressAtOnceInTheMiddleOfAFight) {
  settle();
  fight(milliseconds{20000});
  const auto before = status_writes();
  edgelb.metadata["p"]["frontends"][0]["endpoints"][0]["private"] = {"10.0.0.2"};
  advance(shared->concurrency().poll_max + milliseconds{1000});
  EXPECT_GE(status_writes(), before + 1);
  EXPECT_EQ(stored("a").addresses, (std::vector<domain::ingress>{{"10.0.0.2", ""}}));
}

TEST_F(StatusWriter, SaysThatAllIsWellOnceTheOtherProgramIsQuiet) {
  settle();
  fight(milliseconds{20000});
  ASSERT_EQ(stored("a").own_condition->reason, "StatusContested");
  advance(limit::longest_pause);
  EXPECT_EQ(stored("a").addresses, ours);
  echo("a");
  advance(limit::quiet + milliseconds{1000});
  EXPECT_EQ(stored("a").own_condition->reason, "EnsuredLoadBalancer");
  EXPECT_EQ(stored("a").own_condition->status, "True");
  echo("a");
  kube.log.clear();
  advance(milliseconds{10000});
  EXPECT_EQ(status_writes(), 0U);
  ASSERT_TRUE(interfere());
  EXPECT_EQ(stored("a").addresses, ours) << "put back at once again";
}

TEST_F(StatusWriter, DoesNotFightOverItsConditionEither) {
  settle();
  for (int round = 0; round < 500; ++round) {
    echo("a");
    if (auto object = stored("a"); object.own_condition) {
      object.own_condition.reset();
      object.resource_version = std::to_string(++kube.version);
      observe(object);
    }
    advance(milliseconds{20});
  }
  EXPECT_LE(status_writes(), 4U);
  EXPECT_EQ(reasons("a"), std::vector<std::string>{"StatusContested"});
}

TEST_F(StatusWriter, ARefusedStatusIsToldOnceAndTriedLessAndLess) {
  place("a", "10.0.0.1");
  const domain::error refusal{
    domain::error_code::rejected, "Service \"a\" is invalid: too long", {}, 422};
  kube.status_failures = {refusal};
  start();
  list({make_service("a")});
  EXPECT_EQ(stored("a").own_condition->reason, "KubernetesError");
  EXPECT_NE(stored("a").own_condition->message.find("is invalid: too long"), std::string::npos);
  EXPECT_TRUE(stored("a").addresses.empty());
  EXPECT_EQ(reasons("a"), std::vector<std::string>{"KubernetesError"});
  echo("a");
  kube.status_failures = {refusal, refusal, refusal};
  kube.log.clear();
  advance(std::chrono::minutes{1});
  EXPECT_EQ(status_writes(), 3U) << "after 5, 15 and 35 s";
  // Once it has waited for its address for longer than the grace, the Service says so, too.
  EXPECT_EQ(reasons("a"), (std::vector<std::string>{"KubernetesError", "EnsuringLoadBalancer"}));
  advance(std::chrono::minutes{1});
  EXPECT_EQ(stored("a").addresses, ours);
  EXPECT_EQ(stored("a").own_condition->reason, "EnsuredLoadBalancer");
}

TEST_F(StatusWriter, AConflictWithAnotherWriterIsTriedAgain) {
  place("a", "10.0.0.1");
  kube.status_failures = {{domain::error_code::conflict, "modified", {}, 409}};
  start();
  list({make_service("a")});
  EXPECT_TRUE(stored("a").addresses.empty());
  advance(shared->concurrency().retry_base);
  EXPECT_EQ(stored("a").addresses, ours);
  // The retry comes later than the grace for an address.
  EXPECT_EQ(reasons("a"),
            (std::vector<std::string>{"EnsuringLoadBalancer", "EnsuredLoadBalancer"}));
}

TEST_F(StatusWriter, TellsOfAddressesThatReachNobody) {
  place("a", "127.0.0.1");
  start();
  list({make_service("a")});
  advance(milliseconds{3000});
  EXPECT_TRUE(stored("a").addresses.empty());
  ASSERT_TRUE(stored("a").own_condition);
  EXPECT_NE(stored("a").own_condition->message.find("not published: 127.0.0.1"), std::string::npos);
  edgelb.metadata["p"]["frontends"][0]["endpoints"][0]["public"] = {"203.0.113.9"};
  advance(shared->concurrency().poll_max + milliseconds{1000});
  EXPECT_EQ(stored("a").addresses, (std::vector<domain::ingress>{{"203.0.113.9", ""}}));
  EXPECT_NE(stored("a").own_condition->message.find("not published: 127.0.0.1"), std::string::npos);
}

TEST_F(StatusWriter, AsksForTheModeOnceWhetherTheServerKnowsItOrNot) {
  for (const bool known : {true, false}) {
    kube.knows_ip_mode = known;
    if (known)
      settle();
    echo("a");
    auto object = stored("a");
    object.address_mode = known ? domain::ip_mode::vip : domain::ip_mode::unknown;
    object.resource_version = std::to_string(++kube.version);
    kube.log.clear();
    observe(object);
    advance(milliseconds{1000});
    EXPECT_EQ(status_writes(), known ? 1U : 0U);
    EXPECT_EQ(stored("a").address_mode, known ? domain::ip_mode::proxy : domain::ip_mode::unknown);
    echo("a");
    advance(std::chrono::minutes{10});
    EXPECT_EQ(status_writes(), known ? 1U : 0U);
  }
}

TEST_F(StatusWriter, AServiceOfAFormerReleaseGetsItsModeWithOneWrite) {
  place("a", "10.0.0.1");
  start();
  auto object = make_service("a");
  object.addresses = ours;
  object.address_mode = domain::ip_mode::vip;
  list({object});
  advance(milliseconds{1000});
  EXPECT_EQ(stored("a").address_mode, domain::ip_mode::proxy);
  EXPECT_EQ(status_writes(), 1U);
}

TEST_F(StatusWriter, SaysThatThereIsNoNodeUntilOneComes) {
  shared->pools.mode = domain::backend_mode::nodes;
  place("a", "10.0.0.1");
  start();
  const auto have = [this](std::vector<domain::listed_node> nodes) {
    caf::anon_send(supervisor_handle, nodes_changed{std::make_shared<const domain::node_list>(
                                        domain::node_list{std::move(nodes)})});
    advance(milliseconds{1000});
    echo("a");
  };
  have({});
  list({make_service("a")});
  advance(milliseconds{1000});
  EXPECT_EQ(stored("a").own_condition->status, "False");
  EXPECT_EQ(stored("a").own_condition->reason, "NoNodes");
  EXPECT_EQ(stored("a").addresses, ours);
  EXPECT_EQ(phase("a"), "Waiting");
  domain::listed_node node;
  node.name = "n1";
  node.ipv4 = "10.2.0.1";
  have({node});
  EXPECT_EQ(stored("a").own_condition->reason, "NoNodes");
  EXPECT_NE(stored("a").own_condition->message.find("not Ready yet: n1"), std::string::npos);
  node.ready = node.proven = true;
  const auto writes = edgelb.writes();
  have({node});
  EXPECT_EQ(edgelb.writes(), writes + 1);
  EXPECT_EQ(stored("a").own_condition->status, "True");
  EXPECT_EQ(phase("a"), "Provisioned");
  EXPECT_EQ(reasons("a"), (std::vector<std::string>{"NoNodes", "NoNodes", "EnsuredLoadBalancer"}));
}

TEST_F(StatusWriter, KeepsThePortThatIsNotServedInACondition) {
  shared->services.others = domain::other_protocols::skip;
  place("a", "10.0.0.1");
  start();
  auto object = make_service("a");
  object.ports.push_back({"dns", "UDP", 53, 30053});
  list({object});
  advance(milliseconds{1000});
  EXPECT_EQ(stored("a").own_condition->status, "True");
  EXPECT_NE(stored("a").own_condition->message.find("(53/UDP) is not served"), std::string::npos);
  EXPECT_EQ(reasons("a"), (std::vector<std::string>{"TranslationWarning", "EnsuredLoadBalancer"}));
}

TEST_F(StatusWriter, TakesAwayAddressesThatTheServiceDoesNotWantAnyMore) {
  settle();
  echo("a");
  auto object = stored("a");
  object.config_annotation = *object.config_annotation + "\npublish: public";
  object.resource_version = std::to_string(++kube.version);
  observe(object);
  advance(milliseconds{3000});
  EXPECT_TRUE(stored("a").addresses.empty());
  EXPECT_EQ(stored("a").own_condition->status, "False");
  EXPECT_NE(stored("a").own_condition->message.find("EdgeLB names only 10.0.0.1"),
            std::string::npos);
  edgelb.metadata["p"]["frontends"][0]["endpoints"][0]["public"] = {"203.0.113.9"};
  advance(shared->concurrency().poll_max + milliseconds{1000});
  EXPECT_EQ(stored("a").addresses, (std::vector<domain::ingress>{{"203.0.113.9", ""}}));
  EXPECT_EQ(stored("a").own_condition->status, "True");
}

TEST_F(StatusWriter, LeavesWhatTheNextControllerWritesOnAServiceThatItGaveUp) {
  settle();
  auto object = stored("a");
  object.load_balancer_class = "example.com/other";
  object.resource_version = std::to_string(++kube.version);
  observe(object);
  advance(milliseconds{1000});
  EXPECT_TRUE(stored("a").addresses.empty());
  EXPECT_EQ(stored("a").own_condition->reason, "NotManaged");
  ASSERT_TRUE(interfere());
  advance(milliseconds{1000});
  EXPECT_EQ(stored("a").addresses, theirs);
}

} // namespace
} // namespace dklb::actors::testing
