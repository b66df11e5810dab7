#include "domain/service/service_machine.hpp"

#include "domain/base/names.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dklb::domain {
namespace {

namespace event = service_event;
namespace effect = service_effect;
using std::chrono::milliseconds;
using lines = std::vector<std::string>;

/// An effect as a line of a table; measure is left out: it goes with each `show`.
struct line_of {
  std::string operator()(const effect::patch_object& one) const {
    std::string out{"patch"};
    if (const auto& finalizers = one.patch.finalizers)
      out += std::ranges::find(*finalizers, finalizer_name) == finalizers->end() ? " -finalizer"
                                                                                 : " +finalizer";
    return out + (one.patch.config_annotation ? " annotation" : "");
  }
  std::string operator()(const effect::claim_pool& one) const {
    return "claim " + one.claim->pool + (one.claim->paused ? " paused" : "");
  }
  std::string operator()(const effect::end_claim& one) const {
    return std::string{"end claim"} + (one.leave_objects ? ", leave objects" : "");
  }
  std::string operator()(const effect::release_pool& one) const {
    return "release " + one.pool
           + (one.creation ? std::string{" "} + to_string(*one.creation) : std::string{});
  }
  std::string operator()(const effect::end_release& one) const {
    return "end release " + one.pool + (one.leave_objects ? ", leave objects" : "");
  }
  std::string operator()(const effect::find_pools& /*one*/) const { return "find pools"; }
  std::string operator()(const effect::track& /*one*/) const { return "track"; }
  std::string operator()(const effect::untrack& one) const { return "untrack " + one.uid; }
  std::string operator()(const effect::withdraw& one) const { return "withdraw " + one.uid; }
  std::string operator()(const effect::report& one) const {
    return "condition " + (one.condition ? one.condition->reason : "none")
           + (one.blocking ? ", blocking" : "");
  }
  std::string operator()(const effect::remark& one) const {
    return "remark " + (one.text ? *one.text : "none");
  }
  std::string operator()(const effect::record_event& one) const {
    return (one.warning ? "warning " : "event ") + one.reason;
  }
  std::string operator()(const effect::arm_timer& one) const {
    const lines names{"retry", "grace", "echo", "claim", "find", "release"};
    return "arm " + names.at(static_cast<std::size_t>(one.timer)) + " "
           + std::to_string(one.delay.count());
  }
  std::string operator()(const effect::measure& /*one*/) const { return {}; }
  std::string operator()(const effect::show& one) const {
    return std::string{"show "} + to_string(one.report.phase) + (one.repeated ? " again" : "");
  }
  std::string operator()(const effect::keep_error& one) const { return "error " + one.message; }
  std::string operator()(const effect::log_failure& one) const {
    return "log " + one.failure.message;
  }
  std::string operator()(const effect::log_leaving& one) const { return "log leaving " + one.pool; }
  std::string operator()(const effect::quit& /*one*/) const { return "quit"; }
};

/// A Service on pool p, without our finalizer.
service make_object() {
  service object;
  object.key = {"default", "redis"};
  object.uid = "uid-1";
  object.resource_version = "1";
  object.creation_timestamp = "2024-01-01T00:00:00Z";
  object.type = "LoadBalancer";
  object.ports = {{"redis", "TCP", 6379, 32213}};
  object.config_annotation = "name: p";
  return object;
}

const error away{error_code::unavailable, "away", {}, 503};

class ServiceMachine : public ::testing::Test {
protected:
  effect::list tell(const event::any& what) {
    const service_surroundings around{
      .settings = settings,
      .retry_base = milliseconds{5000},
      .retry_max = milliseconds{60000},
      .address_grace = milliseconds{2000},
      .now = now,
      .add_pools = [](service_plan_input& input) { input.suffix = [] { return name_suffix(0); }; }};
    return machine.handle(what, around);
  }
  void expect(const event::any& what, const lines& expected) {
    lines found;
    for (const auto& one : tell(what))
      if (auto line = std::visit(line_of{}, one); !line.empty())
        found.push_back(std::move(line));
    EXPECT_EQ(found, expected);
  }
  /// The object as it is now, in a new version.
  std::shared_ptr<const service> next() {
    object.resource_version = std::to_string(++version);
    return std::make_shared<const service>(object);
  }
  event::seen seen() { return {next()}; }
  event::patch_answered patched() { return {next()}; }
  event::claim_settled settled() const { return {machine.facts().claim, {}}; }
  event::claim_settled settled(bool none, const char* message) const {
    return {machine.facts().claim,
            {},
            0,
            {},
            std::make_shared<const node_notice>(node_notice{none, message})};
  }
  event::claim_settled refused() const {
    return {machine.facts().claim, claim_refusal{refusal_reason::port_conflict, "taken"}};
  }
  static event::addresses_published published() {
    return {std::make_shared<const std::vector<ingress>>(std::vector<ingress>{{"10.0.0.1", ""}}),
            true};
  }
  void begin() { (void)tell(event::begun{next(), true}); }
  /// Served, with an address.
  void settle() {
    object.finalizers = {finalizer_name};
    begin();
    (void)tell(settled());
    (void)tell(published());
    ASSERT_EQ(machine.facts().phase, service_phase::provisioned);
  }
  service_stage stage() const { return machine.facts().stage; }

  service_settings settings{.cluster = "dev/kubernetes01"};
  service object = make_object();
  int version = 1;
  milliseconds now{0};
  service_machine machine;
};

TEST_F(ServiceMachine, ANewOneIsPatchedThenClaimedThenProvisioned) {
  expect(event::begun{next(), false}, {"track"});
  EXPECT_EQ(stage(), service_stage::seen);
  expect(event::gate_moved{true, ""}, {"patch +finalizer"});
  object.finalizers = {finalizer_name};
  expect(patched(), {"track", "show Provisioning", "claim p"});
  EXPECT_EQ(stage(), service_stage::claimed);
  expect(settled(), {"show AwaitingAddress", "arm grace 2000"});
  expect(
    event::timer_due{service_timer::grace},
    {"show AwaitingAddress again", "event EnsuringLoadBalancer", "condition EnsuringLoadBalancer"});
  expect(published(), {"show Provisioned", "event EnsuredLoadBalancer"});
  expect(published(), {"show Provisioned again"});
}

TEST_F(ServiceMachine, AStandbyCountsNoServices) {
  const auto measures = [this](const event::any& what) {
    return std::ranges::count_if(
      tell(what), [](const auto& one) { return std::holds_alternative<effect::measure>(one); });
  };
  EXPECT_EQ(measures(event::begun{next(), false}), 0);
  EXPECT_EQ(measures(event::gate_moved{true, ""}), 1);
}

TEST_F(ServiceMachine, OneOfAnotherClassIsIgnoredAndOneThatNobodyFollowsEnds) {
  object.load_balancer_class = "example.com/other";
  expect(event::begun{next(), true}, {"untrack uid-1", "show Ignored"});
  EXPECT_EQ(stage(), service_stage::ignored);
  object.type = "ClusterIP";
  expect(seen(), {"untrack uid-1", "show Ignored", "quit"});
}

TEST_F(ServiceMachine, ARefusedAnnotationLeavesTheClaimServed) {
  settle();
  object.config_annotation = "{name: p, size: none}";
  expect(seen(), {"track", "show Refused", "warning TranslationError",
                  "condition TranslationError, blocking"});
  EXPECT_EQ(stage(), service_stage::refused);
  EXPECT_TRUE(machine.facts().served);
  expect(published(), {});
  object.config_annotation = "name: p";
  expect(seen(), {"track", "condition none", "show Provisioned"});
  EXPECT_EQ(stage(), service_stage::claimed);
}

TEST_F(ServiceMachine, APauseIsToldToThePool) {
  settle();
  object.paused = true;
  expect(seen(), {"track", "claim p paused", "show Paused", "event TranslationPaused",
                  "condition TranslationPaused, blocking"});
  EXPECT_EQ(stage(), service_stage::paused);
  expect(settled(), {});
  object.paused = false;
  expect(seen(), {"track", "show Provisioning", "claim p"});
}

TEST_F(ServiceMachine, AClaimThatThePoolRefusedMayMove) {
  object.finalizers = {finalizer_name};
  begin();
  expect(refused(), {"show Refused", "warning PortConflict", "condition PortConflict, blocking"});
  EXPECT_EQ(stage(), service_stage::claimed);
  object.config_annotation = "name: q";
  expect(seen(), {"track", "show Provisioning", "end claim", "release p IfNotPresent", "claim q"});
  EXPECT_TRUE(machine.facts().moved);
  expect(event::released{"p"}, {"end release p"});
  expect(event::released{"p"}, {});
}

TEST_F(ServiceMachine, APoolThatDoesNotTakeTheChangeIsShownAsWaiting) {
  object.finalizers = {finalizer_name};
  begin();
  expect(event::claim_delayed{"p", "busy", 2, milliseconds{7000}},
         {"error busy", "show Waiting", "warning EdgeLBError", "condition EdgeLBError"});
  EXPECT_EQ(machine.facts().failure->attempts, 2U);
  expect(event::claim_delayed{"q", "busy", 2, milliseconds{7000}}, {});
  expect(settled(), {"condition none", "show AwaitingAddress", "arm grace 2000"});
  EXPECT_EQ(machine.facts().failure, nullptr);
}

TEST_F(ServiceMachine, AClosedGateIsExplainedToOneThatWaits) {
  expect(event::begun{next(), false}, {"track"});
  expect(event::gate_moved{false, "away"},
         {"show Waiting", "warning EdgeLBError", "condition EdgeLBError"});
  object.addresses = {{"10.0.0.1", ""}};
  expect(seen(), {"track"});
  expect(event::gate_moved{false, "still away"}, {});
}

TEST_F(ServiceMachine, ADeletedOneIsReleasedEverywhereBeforeItsFinalizerGoes) {
  settle();
  object.deleting = true;
  expect(seen(), {"track", "show Deleting", "find pools"});
  EXPECT_EQ(stage(), service_stage::finding);
  expect(event::pools_found{}, {"arm find 5000"});
  expect(event::timer_due{service_timer::find}, {"find pools"});
  expect(event::pools_found{lines{"r"}}, {"end claim", "release p IfNotPresent", "release r"});
  EXPECT_EQ(stage(), service_stage::releasing);
  expect(event::pools_found{lines{"s"}}, {});
  expect(event::released{"p"}, {"end release p"});
  expect(event::released{"r"}, {"end release r", "event DeletedLoadBalancer", "patch -finalizer"});
  EXPECT_EQ(stage(), service_stage::released);
  object.finalizers.clear();
  expect(patched(), {});
  expect(event::deleted{}, {"untrack uid-1", "quit"});
}

/// It moved just before: the release of the pool it left is not all.
TEST_F(ServiceMachine, AReleaseThatEndsWhileThePoolsAreAskedForDoesNotTakeTheFinalizerOff) {
  object.finalizers = {finalizer_name};
  begin();
  (void)tell(refused());
  object.config_annotation = "name: q";
  (void)tell(seen());
  object.deleting = true;
  expect(seen(), {"track", "show Deleting", "find pools"});
  expect(event::released{"p"}, {"end release p"});
  expect(event::pools_found{lines{}}, {"end claim", "release q IfNotPresent"});
  expect(event::released{"q"}, {"end release q", "event DeletedLoadBalancer", "patch -finalizer"});
}

TEST_F(ServiceMachine, TheCreationStrategyGoesWithTheRelease) {
  object.config_annotation = "{name: p, strategies: {creation: Never}}";
  settle();
  object.deleting = true;
  (void)tell(seen());
  expect(event::pools_found{lines{}}, {"end claim", "release p Never"});
}

TEST_F(ServiceMachine, OneThatIsNoLongerOursLosesOurAddressesAndTheFinalizer) {
  settle();
  object.load_balancer_class = "example.com/other";
  expect(seen(), {"track", "show Deleting", "find pools"});
  (void)tell(event::pools_found{lines{}});
  expect(event::released{"p"},
         {"end release p", "event DeletedLoadBalancer", "withdraw uid-1", "patch -finalizer"});
  object.finalizers.clear();
  expect(patched(), {"untrack uid-1", "show Ignored"});
  EXPECT_EQ(stage(), service_stage::ignored);
}

TEST_F(ServiceMachine, WhatIsKnownIsReleasedWhereTheFinalizerWasTakenOffByForce) {
  settle();
  expect(event::deleted{}, {"untrack uid-1", "end claim", "release p IfNotPresent"});
  EXPECT_EQ(stage(), service_stage::stripped);
  expect(event::released{"p"}, {"end release p", "event DeletedLoadBalancer", "quit"});
}

TEST_F(ServiceMachine, AnotherDklbGoesOnWithTheObjectsOfOneThatItTookOver) {
  settle();
  object.load_balancer_class = "example.com/other";
  object.finalizers = {finalizer_of("example.com/other")};
  expect(seen(), {"untrack uid-1", "show Ignored", "end claim, leave objects"});
}

TEST_F(ServiceMachine, ASuccessorOfTheSameNameWaitsForTheCleanUp) {
  settle();
  object = make_object();
  object.uid = "uid-2";
  expect(seen(), {"untrack uid-1", "end claim", "release p IfNotPresent"});
  expect(event::released{"p"}, {"end release p", "track", "patch +finalizer"});
}

TEST_F(ServiceMachine, ASuccessorIsPlannedOnceTheLastPatchOfItsPredecessorIsAnswered) {
  object.finalizers = {finalizer_name};
  begin();
  object.finalizers.clear();
  expect(seen(), {"track", "patch +finalizer"});
  const auto late = patched();
  object.uid = "uid-2";
  (void)tell(seen());
  expect(event::released{"p"}, {"end release p", "track"});
  expect(late, {"patch +finalizer"});
}

TEST_F(ServiceMachine, APoolThatEndedOrIsNotThereIsAskedAgain) {
  settle();
  expect(event::pool_ended{"p"}, {"claim p"});
  expect(event::pool_unavailable{"p"}, {"arm claim 5000"});
  expect(event::timer_due{service_timer::claim}, {"claim p"});
  expect(event::timer_due{service_timer::claim}, {});
  object.deleting = true;
  (void)tell(seen());
  (void)tell(event::pools_found{lines{"r"}});
  expect(event::pool_ended{"r"}, {"release r"});
  expect(event::pool_unavailable{"r"}, {"arm release 5000"});
  expect(event::timer_due{service_timer::release}, {"release r"});
  expect(event::timer_due{service_timer::release}, {});
  expect(event::pool_ended{"x"}, {});
}

TEST_F(ServiceMachine, AFailedPatchIsTriedAgainAndToldOnce) {
  begin();
  expect(event::patch_answered{away}, {"arm retry 5000", "error away", "log away", "show Waiting",
                                       "warning KubernetesError", "condition KubernetesError"});
  expect(event::timer_due{service_timer::retry}, {"patch +finalizer"});
  expect(event::patch_answered{away}, {"arm retry 10000", "error away", "log away",
                                       "show Waiting again", "condition KubernetesError"});
  expect(event::timer_due{service_timer::retry}, {"patch +finalizer"});
  expect(event::patch_answered{error{error_code::conflict, "older", {}, 409}}, {"arm retry 20000"});
}

TEST_F(ServiceMachine, AConflictWithASnapshotThatIsThereAlreadyIsPlannedAtOnce) {
  begin();
  expect(seen(), {"track"});
  expect(event::patch_answered{error{error_code::conflict, "older", {}, 409}},
         {"patch +finalizer"});
}

TEST_F(ServiceMachine, AnOlderSnapshotThanOurWriteIsHeldBack) {
  begin();
  const auto older = seen();
  object.finalizers = {finalizer_name};
  (void)tell(patched());
  expect(older, {"arm echo 5000"});
  expect(older, {});
  now = echo_timeout;
  expect(event::timer_due{service_timer::echo}, {"track", "patch +finalizer"});
}

/// Two programs that disagree cannot keep the API server busy.
TEST_F(ServiceMachine, AFinalizerThatAnotherProgramRemovesIsPutBackAtABoundedRate) {
  settle();
  int patches = 0;
  int events = 0;
  auto due = milliseconds::max();
  for (now = milliseconds{0}; now < milliseconds{300000}; now += milliseconds{100}) {
    object.finalizers.clear();
    auto effects = tell(seen());
    if (now >= due) {
      due = milliseconds::max();
      for (const auto& one : tell(event::timer_due{service_timer::retry}))
        effects.push_back(one);
    }
    for (const auto& one : effects) {
      if (const auto* timer = std::get_if<effect::arm_timer>(&one))
        due = now + timer->delay;
      events += std::holds_alternative<effect::record_event>(one) ? 1 : 0;
      if (!std::holds_alternative<effect::patch_object>(one))
        continue;
      ++patches;
      object.finalizers = {finalizer_name};
      const auto answered = next();
      (void)tell(event::patch_answered{answered});
      (void)tell(event::seen{answered}); // its echo
    }
  }
  EXPECT_GE(patches, 8);
  EXPECT_LE(patches, 12);
  EXPECT_EQ(events, 1) << "it is told once";
  EXPECT_TRUE(machine.facts().served) << "the claim goes on";
}

TEST_F(ServiceMachine, AFinalizerThatWasRemovedTwiceComesBackWithoutAnotherSnapshot) {
  settle();
  object.finalizers.clear();
  expect(seen(), {"track", "patch +finalizer"});
  object.finalizers = {finalizer_name};
  const auto answered = next();
  (void)tell(event::patch_answered{answered});
  (void)tell(event::seen{answered});
  object.finalizers.clear();
  expect(seen(), {"track", "arm retry 1000"});
  now = milliseconds{1000};
  expect(event::timer_due{service_timer::retry}, {"patch +finalizer"});
}

TEST_F(ServiceMachine, PoolsThatItLeftUnseenAreReleasedOnceItsClaimIsServed) {
  object.finalizers = {finalizer_name};
  begin();
  expect(event::objects_found{lines{"p", "r"}}, {});
  expect(settled(), {"log leaving r", "release r", "show AwaitingAddress", "arm grace 2000"});
  expect(event::objects_found{lines{"p", "r"}}, {});
}

TEST_F(ServiceMachine, ReplacedPeersAreToldAgain) {
  settle();
  expect(event::peers_replaced{}, {"track"});
  object.deleting = true;
  (void)tell(seen());
  expect(event::peers_replaced{}, {});
}

// -- nodes and remarks

TEST_F(ServiceMachine, WithoutANodeItIsNotProvisionedUntilOneComes) {
  object.finalizers = {finalizer_name};
  begin();
  expect(settled(true, "no node"),
         {"show Waiting", "warning NoNodes", "condition NoNodes, blocking"});
  EXPECT_TRUE(machine.facts().served);
  expect(published(), {});
  expect(event::timer_due{service_timer::grace}, {});
  expect(event::peers_replaced{}, {"track", "condition NoNodes, blocking"});
  expect(settled(true, "no node at all"),
         {"show Waiting", "warning NoNodes", "condition NoNodes, blocking"});
  expect(settled(), {"condition none", "show Provisioned"});
  EXPECT_EQ(machine.facts().phase, service_phase::provisioned);
}

TEST_F(ServiceMachine, TheLastNodeThatGoesIsTold) {
  settle();
  expect(settled(true, "no node"),
         {"show Waiting", "warning NoNodes", "condition NoNodes, blocking"});
  const auto counted = [this](const event::any& what) {
    for (const auto& one : tell(what))
      if (const auto* measure = std::get_if<effect::measure>(&one))
        return measure->no_nodes;
    ADD_FAILURE() << "nothing is measured";
    return false;
  };
  EXPECT_TRUE(counted(settled(true, "none of them")));
  EXPECT_FALSE(counted(settled()));
}

TEST_F(ServiceMachine, APauseHidesThatThereIsNoNode) {
  settle();
  (void)tell(settled(true, "no node"));
  object.paused = true;
  expect(seen(), {"track", "claim p paused", "show Paused", "event TranslationPaused",
                  "condition TranslationPaused, blocking"});
  object.paused = false;
  (void)tell(seen());
  expect(settled(true, "no node"),
         {"show Waiting", "warning NoNodes", "condition NoNodes, blocking"});
}

TEST_F(ServiceMachine, NodesThatAreLeftOutAreToldOnceAndStayInTheCondition) {
  object.finalizers = {finalizer_name};
  begin();
  expect(settled(false, "not n1"),
         {"warning NodesLeftOut", "remark not n1", "show AwaitingAddress", "arm grace 2000"});
  expect(settled(false, "not n1"), {"show AwaitingAddress again", "arm grace 2000"});
  expect(event::peers_replaced{}, {"track", "remark not n1"});
  expect(settled(), {"remark none", "show AwaitingAddress again", "arm grace 2000"});
}

TEST_F(ServiceMachine, APortThatIsNotServedIsToldOnceAndStaysInTheCondition) {
  settings.others = other_protocols::skip;
  object.finalizers = {finalizer_name};
  object.ports.push_back({"dns", "UDP", 53, 32053});
  const lines told{"warning TranslationWarning",
                   "remark port \"dns\" (53/UDP) is not served: only TCP is supported"};
  expect(event::begun{next(), true}, {"track", told[0], told[1], "show Provisioning", "claim p"});
  (void)tell(settled());
  object.generation = 2;
  expect(seen(), {"track"});
  object.ports.pop_back();
  expect(seen(), {"track", "remark none"});
}

TEST_F(ServiceMachine, ARestartTellsNothingThatTheConditionSaysAlready) {
  settings.others = other_protocols::skip;
  object.finalizers = {finalizer_name};
  object.ports.push_back({"", "UDP", 53, 32053});
  const std::string text = "port 53/UDP is not served: only TCP is supported";
  object.own_condition = condition{"True", "EnsuredLoadBalancer", "fine; " + text, 1, "then"};
  expect(event::begun{next(), true}, {"track", "remark " + text, "show Provisioning", "claim p"});
}

TEST_F(ServiceMachine, AnotherChoiceOfAddressesIsAwaited) {
  settle();
  object.addresses = {{"10.0.0.1", ""}};
  object.config_annotation = "{name: p, publish: public}";
  expect(seen(), {"track", "show Provisioning", "claim p"});
  expect(settled(), {"show AwaitingAddress", "arm grace 2000"});
  expect(published(), {"show Provisioned"});
}

TEST_F(ServiceMachine, WarningsAndRefusedChangesAreEvents) {
  object.config_annotation = "{name: p, contraints: x}";
  object.finalizers = {finalizer_name};
  expect(event::begun{next(), true},
         {"track", "warning TranslationWarning", "show Provisioning", "claim p"});
  (void)tell(settled());
  object.config_annotation = "{name: q}";
  expect(seen(), {"track", "warning TranslationError"});
}

} // namespace
} // namespace dklb::domain
