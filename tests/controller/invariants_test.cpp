// The invariants of docs/architecture.md, each with tests that fail without it.
#include "tests/controller/controller_fixture.hpp"

#include <csignal>

namespace dklb::controller_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// 1. No EdgeLB write before leadership is held, the first list is complete and the inventory read.

TEST_F(Controller, WritesNothingBeforeTheInventoryIsRead) {
  edgelb_.inject({.kind = fault_kind::hang, .path = "/v2/pools", .times = 1});
  create("web", "app");
  start({{"concurrency", {{"retry", {{"edgelbTimeout", "1s"}}}}}});
  ASSERT_TRUE(eventually([&] { return kube_.open_watches("services") == 1; }));
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") == 1; }));
  EXPECT_TRUE(
    always([&] { return edgelb_.writes() == 0 || edgelb_.count("list", "pools") > 1; }, 400ms));
  EXPECT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_GE(edgelb_.count("list", "pools"), 2U);
}

TEST_F(Controller, WritesNothingBeforeTheFirstListIsComplete) {
  for (int i = 0; i < 501; ++i)
    create("web-" + std::to_string(i), "app-" + std::to_string(i));
  // The second page never comes while this holds.
  const auto fault = kube_.inject({.kind = fault_kind::status, .path = "/api/v1/services"});
  kube_.inject({.kind = fault_kind::delay_only, .path = "/api/v1/services", .times = 1});
  start();
  ASSERT_TRUE(eventually([&] { return kube_.count("list", "services") >= 2; }));
  EXPECT_TRUE(always([&] { return writes() == 0; }, 300ms));
  kube_.remove_fault(fault);
  EXPECT_TRUE(eventually([&] { return edgelb_.pool_count() == 501; }, 60s));
}

TEST_F(Controller, WritesNothingWhileAnotherHoldsTheLease) {
  const json lease{{"metadata", {{"name", "dklb"}}},
                   {"spec",
                    {{"holderIdentity", "somebody"},
                     {"leaseDurationSeconds", 2},
                     {"leaseTransitions", 1},
                     {"acquireTime", "2024-01-01T00:00:00.000000Z"},
                     {"renewTime", "2024-01-01T00:00:00.000000Z"}}}};
  kube_.create_object("coordination.k8s.io/v1", "leases", "default", lease);
  create("web", "app");
  start({{"leaderElection",
          {{"enabled", true},
           {"leaseNamespace", "default"},
           {"leaseDuration", "2s"},
           {"renewDeadline", "1500ms"},
           {"retryPeriod", "200ms"}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  const auto held = [&] {
    return kube_.object("coordination.k8s.io/v1", "leases", "default",
                        "dklb")["spec"]["holderIdentity"]
           == "somebody";
  };
  EXPECT_TRUE(always([&] { return !held() || edgelb_.writes() == 0; }, 500ms));
  EXPECT_TRUE(eventually([&] { return served("web"); })) << "the lease expired";
  EXPECT_FALSE(held());
}

// 2. What dklb does not own goes back as it was read.

TEST_F(Controller, ForeignPartsOfAPoolKeepEveryFieldAndTheirOrder) {
  edgelb_.put_pool(foreign_pool("theirs"));
  const auto before = edgelb_.pool("theirs")->dump();
  create("web", "theirs", {80, 443});
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  auto joined = *edgelb_.pool("theirs");
  EXPECT_EQ(joined["haproxy"]["frontends"].size(), 3U);
  for (const char* part : {"frontends", "backends"})
    joined["haproxy"][part].erase(joined["haproxy"][part].begin() + 1,
                                  joined["haproxy"][part].end());
  EXPECT_EQ(joined.dump(), before);
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  EXPECT_EQ(edgelb_.pool("theirs")->dump(), before);
}

TEST_F(Controller, ObjectsOfAnotherClusterAreForeign) {
  auto pool = foreign_pool("shared");
  pool["haproxy"]["frontends"][0]["name"] = "test.cluster:default:gone:80";
  edgelb_.put_pool(pool);
  const auto before = edgelb_.pool("shared")->dump();
  start({{"concurrency", {{"resyncPeriod", "100ms"}}}});
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") >= 4; }));
  EXPECT_EQ(edgelb_.pool("shared")->dump(), before);
  EXPECT_EQ(edgelb_.writes(), 0U);
}

// 3. One mutation in flight per pool; everything that waits goes out in one write.

TEST_F(Controller, ManyServicesJoinAPoolInAHandfulOfWritesThatNeverOverlap) {
  edgelb_.inject({.kind = fault_kind::delay_only, .method = "POST", .delay = 60ms});
  edgelb_.inject({.kind = fault_kind::delay_only, .method = "PUT", .delay = 60ms});
  start({{"concurrency", {{"poolWriteGap", "100ms"}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  for (int i = 0; i < 100; ++i)
    create("web-" + std::to_string(i), "app", {1000 + i});
  ASSERT_TRUE(eventually([&] { return frontends("app").size() == 100; }, 60s));
  EXPECT_FALSE(edgelb_.writes_to("app").overlapped);
  EXPECT_LE(edgelb_.writes_to("app").count, 25U);
}

TEST_F(Controller, ManyServicesThatAreThereAtTheStartCostTheirPoolAHandfulOfWrites) {
  constexpr int many = 200;
  for (int i = 0; i < many; ++i)
    create("web-" + std::to_string(i), "app", {1000 + i});
  start({{"concurrency", {{"poolWriteGap", "250ms"}}}});
  ASSERT_TRUE(eventually([&] { return frontends("app").size() == many; }, 60s));
  EXPECT_LE(edgelb_.writes_to("app").count, 5U);
}

// 4. A write happens only where documents differ.

class ControllerRestart : public Controller, public ::testing::WithParamInterface<bool> {};

TEST_P(ControllerRestart, OverASettledStateWritesNothing) {
  for (int i = 0; i < 10; ++i) {
    create("own-" + std::to_string(i), "own-" + std::to_string(i));
    create("shared-" + std::to_string(i), "shared", {1000 + i});
  }
  create("too-late", "shared", {1000});
  create("asking", "asking", {80},
         "proxyProtocol: v2\nhealthCheck: {type: http}\ntimeouts: {client: 5s}\ndrain: 5s\n");
  create("unchecked", "asking", {81}, "healthCheck: {type: none}\n");
  patch("asking", {{"spec",
                    {{"loadBalancerSourceRanges", {"fd00::/8", "10.0.0.0/8"}},
                     {"ipFamilies", {"IPv4", "IPv6"}},
                     {"sessionAffinity", "ClientIP"}}}});
  start();
  ASSERT_TRUE(eventually([&] {
    if (!served("asking") || !served("unchecked"))
      return false;
    for (int i = 0; i < 10; ++i) {
      if (!served("own-" + std::to_string(i)) || !served("shared-" + std::to_string(i)))
        return false;
    }
    return reason("too-late") == "PortConflict";
  }));
  wait_quiet();
  if (GetParam())
    stop();
  else
    dklb_->kill();
  clear_logs();
  start({{"concurrency", {{"resyncPeriod", "100ms"}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  ASSERT_TRUE(eventually([&] {
    return edgelb_.count("list", "pools") >= 5 && edgelb_.count("get", "pools/metadata") >= 11;
  }));
  EXPECT_EQ(edgelb_.writes(), 0U);
  EXPECT_EQ(kube_.writes(), 0U) << json(kube_.counts());
}

INSTANTIATE_TEST_SUITE_P(Ends, ControllerRestart, ::testing::Bool(),
                         [](const auto& entry) { return entry.param ? "orderly" : "killed"; });

// 5. What a Service owned goes when the Service goes, even if dklb was down meanwhile.

TEST_F(Controller, ServiceDeletedWhileDownIsCleanedUp) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  stop();
  remove("web");
  EXPECT_FALSE(gone("web")) << "the finalizer holds it";
  start();
  EXPECT_TRUE(eventually([&] { return gone("web") && !has_pool("app"); }));
}

TEST_F(Controller, TypeChangedWhileDownIsCleanedUp) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  stop();
  patch("web", {{"spec", {{"type", "ClusterIP"}}}});
  start();
  EXPECT_TRUE(eventually([&] { return !has_pool("app"); }));
  EXPECT_TRUE(eventually([&] { return !service("web")["metadata"].contains("finalizers"); }));
}

struct orphan_case {
  const char* mode;
  bool removed;
};

class ControllerOrphans : public Controller, public ::testing::WithParamInterface<orphan_case> {};

TEST_P(ControllerOrphans, OfAServiceThatVanishedWhileDown) {
  edgelb_.put_pool(foreign_pool("theirs"));
  create("web", "app");
  create("guest", "theirs", {81});
  create("stays", "theirs", {82});
  start();
  ASSERT_TRUE(eventually([&] { return served("web") && served("guest") && served("stays"); }));
  stop();
  for (const char* name : {"web", "guest"}) {
    patch(name, {{"metadata", {{"finalizers", nullptr}}}});
    remove(name);
  }
  start({{"orphans", {{"mode", GetParam().mode}}}, {"concurrency", {{"resyncPeriod", "100ms"}}}});
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") >= 4; }));
  EXPECT_TRUE(eventually([&] { return has_pool("app") != GetParam().removed; }));
  EXPECT_TRUE(
    eventually([&] { return frontends("theirs").size() == (GetParam().removed ? 2U : 3U); }));
  EXPECT_THAT(frontends("theirs"), Contains("theirs"));
  EXPECT_THAT(frontends("theirs"), Contains(object_name("stays", 82)));
  if (!GetParam().removed) {
    EXPECT_THAT(dklb_->output(), HasSubstr("default/guest"));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, ControllerOrphans,
                         ::testing::Values(orphan_case{"delete", true},
                                           orphan_case{"report", false}),
                         [](const auto& entry) { return entry.param.mode; });

// 6. Addresses stay while EdgeLB or its metadata is away: see also ControllerKeepsAddresses.

TEST_F(Controller, AddressesStayWhileEdgelbIsAway) {
  create("web", "app");
  start({{"concurrency", {{"resyncPeriod", "100ms"}}}});
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto before = addresses("web");
  wait_quiet();
  edgelb_.go_away();
  EXPECT_TRUE(always([&] { return addresses("web") == before; }, 600ms));
  dklb_->kill();
  start();
  ASSERT_TRUE(eventually([&] { return dklb_->get("/readyz").status == 503; }));
  EXPECT_TRUE(always([&] { return addresses("web") == before; }, 300ms));
  edgelb_.come_back();
}

// 7. A failing pool or Service delays no other: see also HangingPoolDelaysNoOther.

TEST_F(Controller, FailingPoolsAndServicesDelayNoOther) {
  edgelb_.inject({.path = "/v2/pools/bad*"});
  edgelb_.refuse_when([](const pool_json& document) -> std::optional<std::string> {
    return document["name"].get<std::string>().starts_with("bad") ? std::optional("no")
                                                                  : std::nullopt;
  });
  kube_.inject({.method = "PATCH", .path = "*/services/stuck*"});
  for (int i = 0; i < 20; ++i) {
    create("bad-" + std::to_string(i), "bad-" + std::to_string(i));
    create("stuck-" + std::to_string(i), "stuck-" + std::to_string(i));
  }
  start({{"concurrency", {{"retry", {{"base", "5s"}, {"max", "10s"}}}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  create("web", "app");
  EXPECT_TRUE(eventually([&] { return served("web"); }, 4s));
}

// 8. Every state that is not "provisioned" is explained: event, condition, endpoint.

struct explained_case {
  const char* name;
  std::function<json()> object;
  const char* phase;
  const char* reason;
  const char* words; ///< in event, condition and endpoint alike
};

class ControllerExplains : public Controller,
                           public ::testing::WithParamInterface<explained_case> {};

TEST_P(ControllerExplains, WhatKeepsAServiceFromBeingProvisioned) {
  kube_.create_service(GetParam().object());
  start();
  ASSERT_TRUE(eventually([&] { return reason("web") == GetParam().reason; })) << condition("web");
  EXPECT_THAT(message("web"), HasSubstr(GetParam().words));
  EXPECT_EQ(condition("web")["status"], "False");
  EXPECT_TRUE(eventually([&] { return !event_reasons("web").empty(); }));
  EXPECT_THAT(event_reasons("web"), Contains(GetParam().reason));
  EXPECT_EQ(explained("web")["phase"], GetParam().phase);
  EXPECT_THAT(explained("web")["message"].get<std::string>(), HasSubstr(GetParam().words));
  EXPECT_EQ(edgelb_.writes(), 0U);
}

json with_annotation(const std::string& text) {
  return load_balancer("default", "web", {80}, text);
}

INSTANTIATE_TEST_SUITE_P(
  Table, ControllerExplains,
  ::testing::Values(
    explained_case{"unreadable", [] { return with_annotation("foo: bar\n"); }, "Refused",
                   "TranslationError",
                   "failed to parse the value of \"kubernetes.dcos.io/dklb-config\" as a "
                   "configuration object"},
    explained_case{"bad_name", [] { return with_annotation("name: No_Good\n"); }, "Refused",
                   "TranslationError", "\"No_Good\" is not a valid edgelb pool name"},
    explained_case{"bad_cpus", [] { return with_annotation("name: app\ncpus: -1\n"); }, "Refused",
                   "TranslationError", "-1.000000 is not a valid cpu request"},
    explained_case{"role_and_network",
                   [] { return with_annotation("name: app\nrole: slave_public\nnetwork: dcos\n"); },
                   "Refused", "TranslationError",
                   "cannot join a virtual network when the pool's role is \"slave_public\""},
    explained_case{
      "udp_port",
      [] {
        auto service = with_annotation("name: app\n");
        service["spec"]["ports"].push_back({{"name", "dns"}, {"port", 53}, {"protocol", "UDP"}});
        return service;
      },
      "Refused", "TranslationError", "53"},
    explained_case{"no_node_port",
                   [] {
                     auto service = with_annotation("name: app\n");
                     service["spec"]["allocateLoadBalancerNodePorts"] = false;
                     return service;
                   },
                   "Refused", "TranslationError", "nodePort"},
    explained_case{"creation_never",
                   [] { return with_annotation("name: app\nstrategies:\n  creation: Never\n"); },
                   "Refused", "PoolMissing", "strategies.creation is Never"}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(Controller, CorrectedAnnotationIsActedOnAtOnce) {
  kube_.create_service(with_annotation("foo: bar\n"));
  start({{"concurrency", {{"retry", {{"base", "1m"}, {"max", "2m"}}}}}});
  ASSERT_TRUE(eventually([&] { return reason("web") == "TranslationError"; }));
  annotate("web", "name: app\n");
  EXPECT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_TRUE(eventually([&] { return condition("web")["status"] == "True"; }));
}

TEST_F(Controller, BadAnnotationLeavesWhatWorkedBefore) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  wait_quiet();
  clear_logs();
  annotate("web", "foo: bar\n");
  ASSERT_TRUE(eventually([&] { return reason("web") == "TranslationError"; }));
  wait_quiet();
  EXPECT_EQ(edgelb_.writes(), 0U);
  EXPECT_TRUE(served("web"));
}

// 9. The first list and the resync cost one GET of the inventory, not one GET per pool.

TEST_F(Controller, InventoryIsOneReadHoweverManyPoolsThereAre) {
  for (int i = 0; i < 40; ++i)
    create("web-" + std::to_string(i), "app-" + std::to_string(i));
  start();
  ASSERT_TRUE(eventually([&] { return edgelb_.pool_count() == 40; }));
  wait_quiet();
  stop();
  edgelb_.clear_log();
  start({{"concurrency", {{"resyncPeriod", "250ms"}}}});
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") == 1; }));
  ASSERT_TRUE(eventually([&] { return edgelb_.count("get", "pools/metadata") >= 40; }));
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") >= 4; }));
  EXPECT_EQ(edgelb_.count("get", "pools"), 0U);
}

TEST_F(Controller, ResyncRepairsWhatWasChangedByHandAndOnlyThat) {
  create("one", "one");
  create("two", "two");
  create("three", "three");
  start({{"concurrency", {{"resyncPeriod", "200ms"}}}});
  ASSERT_TRUE(eventually([&] { return served("one") && served("two") && served("three"); }));
  wait_quiet();
  clear_logs();
  auto changed = *edgelb_.pool("one");
  changed["haproxy"]["frontends"][0]["bindPort"] = 4711;
  changed["by"] = "hand";
  edgelb_.put_pool(changed);
  edgelb_.remove_pool("two");
  ASSERT_TRUE(eventually([&] { return bind_ports("one") == std::vector<int>{80}; }));
  ASSERT_TRUE(eventually([&] { return has_pool("two"); }));
  EXPECT_EQ((*edgelb_.pool("one"))["by"], "hand") << "what is not ours stays";
  wait_quiet();
  EXPECT_EQ(edgelb_.writes_to("three").count, 1U) << "its creation";
  EXPECT_EQ(edgelb_.writes(), 2U);
}

} // namespace
} // namespace dklb::controller_test
