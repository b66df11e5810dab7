#include "actors/webhook/webhook_registrar.hpp"

#include "tests/actors/support/world.hpp"

#include <algorithm>
#include <string>

namespace dklb::actors::testing {
namespace {

const std::string group = "/apis/admissionregistration.k8s.io/v1/";
const std::string mutating = group + "mutatingwebhookconfigurations";
const std::string validating = group + "validatingwebhookconfigurations";

class Registrar : public ActorWorld {
protected:
  void start(bool leader = true) {
    registrar_arguments arguments;
    arguments.run = shared;
    arguments.kube = spawn_kube();
    arguments.settings = {"dklb", "dklb-system", ""};
    arguments.read_ca_bundle = [this] { return bundle; };
    tune([](auto& live) { live.concurrency.resync_period = milliseconds{60000}; });
    registrar = keep(system.spawn(webhook_registrar, std::move(arguments)));
    if (leader)
      caf::anon_send(registrar, leadership_changed{true});
    run();
  }

  std::size_t writes() const {
    return static_cast<std::size_t>(
      std::count_if(kube.log.begin(), kube.log.end(),
                    [](const std::string& line) { return !line.starts_with("GET "); }));
  }
  nlohmann::json& hook(const std::string& collection) {
    return kube.objects[collection + "/dklb"]["webhooks"][0];
  }
  std::string state() {
    caf::scoped_actor self{system};
    std::string out;
    auto pending = self->request(registrar, caf::infinite, describe{});
    run();
    pending.receive([&](const actor_description& is) { out = is.state + ": " + is.last_error; },
                    [](const caf::error&) {});
    return out;
  }

  domain::result<std::string> bundle{std::string{"Q0E="}};
  webhook_registrar_actor registrar;
};

TEST_F(Registrar, WritesAChangedFailurePolicyAtOnce) {
  start();
  EXPECT_EQ(hook(mutating)["failurePolicy"], "Ignore");
  tune([](auto& live) { live.webhook_failure_policy = "Fail"; });
  caf::anon_send(registrar, settings_changed{});
  run();
  EXPECT_EQ(hook(mutating)["failurePolicy"], "Fail");
  EXPECT_EQ(hook(validating)["failurePolicy"], "Fail");
  EXPECT_EQ(writes(), 4U);
}

TEST_F(Registrar, StandbyLeavesAChangedPolicyToTheLeader) {
  start(false);
  tune([](auto& live) { live.webhook_failure_policy = "Fail"; });
  caf::anon_send(registrar, settings_changed{});
  run();
  EXPECT_EQ(writes(), 0U);
  caf::anon_send(registrar, leadership_changed{true});
  run();
  EXPECT_EQ(hook(mutating)["failurePolicy"], "Fail");
}

TEST_F(Registrar, ChangeDuringAComparisonCausesAnotherOne) {
  start();
  tune([](auto& live) { live.webhook_failure_policy = "Fail"; });
  caf::anon_send(registrar, settings_changed{});
  tune([](auto& live) { live.webhook_failure_policy = "Ignore"; });
  caf::anon_send(registrar, settings_changed{});
  advance(milliseconds{100});
  EXPECT_EQ(hook(mutating)["failurePolicy"], "Ignore");
  EXPECT_EQ(hook(validating)["failurePolicy"], "Ignore");
}

TEST_F(Registrar, ShortenedResyncDoesNotWaitForTheOldOne) {
  start();
  tune([](auto& live) { live.concurrency.resync_period = milliseconds{10000}; });
  caf::anon_send(registrar, settings_changed{});
  advance(milliseconds{100});
  kube.objects.erase(mutating + "/dklb");
  advance(milliseconds{11000});
  EXPECT_TRUE(kube.objects.contains(mutating + "/dklb"));
}

TEST_F(Registrar, RetryIsThatOfTheMoment) {
  kube.object_failures = {{domain::error_code::unavailable, "busy", {}, 503}};
  tune([](auto& live) { live.concurrency.retry_base = milliseconds{300}; });
  start();
  advance(milliseconds{400});
  EXPECT_EQ(writes(), 2U);
}

TEST_F(Registrar, LeaderCreatesBothOnceAndThenOnlyLooks) {
  start();
  EXPECT_EQ(writes(), 2U);
  EXPECT_EQ(hook(mutating)["clientConfig"]["service"]["path"], "/mutate");
  EXPECT_EQ(hook(validating)["clientConfig"]["service"]["path"], "/validate");
  kube.log.clear();
  advance(milliseconds{200000});
  EXPECT_EQ(writes(), 0U);
  // Two comparisons of two objects in the three resync periods that have passed, or one more.
  EXPECT_GE(kube.log.size(), 4U);
  EXPECT_LE(kube.log.size(), 8U);
  EXPECT_EQ(state(), "registered: ");
}

TEST_F(Registrar, StandbyAsksAndWritesNothing) {
  start(false);
  advance(milliseconds{200000});
  EXPECT_TRUE(kube.log.empty());
  EXPECT_EQ(state(), "standby: ");
}

TEST_F(Registrar, WhatWasThereBeforeIsLeftAlone) {
  for (const auto& kind : domain::registration_kinds)
    kube.objects[group + kind.resource + "/dklb"] =
      domain::desired_registration(kind, {"dklb", "dklb-system", "", "Ignore"}, "Q0E=");
  start();
  EXPECT_EQ(writes(), 0U);
}

TEST_F(Registrar, HandMadeChangesAreRepairedAtTheResync) {
  start();
  hook(validating)["failurePolicy"] = "Fail";
  kube.objects.erase(mutating + "/dklb");
  kube.log.clear();
  advance(milliseconds{70000});
  EXPECT_EQ(hook(validating)["failurePolicy"], "Ignore");
  EXPECT_EQ(hook(mutating)["failurePolicy"], "Ignore");
  EXPECT_EQ(kube.count("PATCH " + validating + "/dklb"), 1U);
  EXPECT_EQ(kube.count("POST " + mutating), 1U);
  EXPECT_EQ(writes(), 2U);
}

TEST_F(Registrar, ChangedAuthorityIsFollowedWithinSeconds) {
  start();
  bundle = std::string{"TkVX"};
  advance(milliseconds{6000});
  EXPECT_EQ(hook(mutating)["clientConfig"]["caBundle"], "TkVX");
  EXPECT_EQ(hook(validating)["clientConfig"]["caBundle"], "TkVX");
}

TEST_F(Registrar, UnreadableAuthorityIsToldAndTriedAgain) {
  start();
  bundle = domain::error{domain::error_code::invalid, "/ca.crt: cannot be read", {}, 0};
  advance(milliseconds{6000});
  EXPECT_EQ(state(), "troubled: /ca.crt: cannot be read");
  EXPECT_EQ(hook(mutating)["clientConfig"]["caBundle"], "Q0E=");
  bundle = std::string{"TkVX"};
  advance(milliseconds{30000});
  EXPECT_EQ(state(), "registered: ");
  EXPECT_EQ(hook(mutating)["clientConfig"]["caBundle"], "TkVX");
}

TEST_F(Registrar, FailuresAreToldAndTriedAgain) {
  const domain::error forbidden{domain::error_code::forbidden, "cannot get resource", {}, 403};
  kube.object_failures = {forbidden, forbidden};
  start();
  EXPECT_EQ(writes(), 0U);
  EXPECT_EQ(state(), "troubled: cannot get resource");
  advance(milliseconds{30000});
  EXPECT_EQ(writes(), 2U);
  EXPECT_EQ(state(), "registered: ");
}

TEST_F(Registrar, WhoLosesLeadershipWritesNoMore) {
  start();
  caf::anon_send(registrar, leadership_changed{false});
  run();
  hook(validating)["failurePolicy"] = "Fail";
  kube.log.clear();
  advance(milliseconds{200000});
  EXPECT_TRUE(kube.log.empty());
  EXPECT_EQ(state(), "standby: ");
}

} // namespace
} // namespace dklb::actors::testing
