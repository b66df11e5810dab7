// Two dklbs in one cluster, each with a load balancer class of its own: none of them touches what
// the other serves, in Kubernetes or in EdgeLB.
#include "tests/controller/controller_fixture.hpp"

#include <algorithm>
#include <ostream>
#include <set>

namespace dklb::controller_test {
namespace {

using support::controller_process;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* second_class = "example.com/internal";
constexpr const char* second_finalizer = "kubernetes.dcos.io/dklb.example.com_internal";

/// `usual` has the defaults; `second` has a class of its own and takes no unclassed Service. Both
/// compare the inventory all the time.
class TwoDklbs : public Controller {
protected:
  std::unique_ptr<controller_process> launch(const std::string& label, const json& more) {
    json settings{{"concurrency",
                   {{"poolWriteGap", "20ms"},
                    {"resyncPeriod", "100ms"},
                    {"poll", {{"min", "50ms"}, {"max", "200ms"}}},
                    {"retry", {{"base", "50ms"}, {"max", "200ms"}}}}}};
    settings.merge_patch(more);
    return std::make_unique<controller_process>(dklb_program(), kube_, edgelb_, settings, label);
  }
  void start_usual(const json& more = json::object()) { usual_ = launch("usual", more); }
  void start_second(const json& more = json::object()) {
    json settings{{"kubernetes", {{"claimUnclassed", false}, {"loadBalancerClass", second_class}}}};
    settings.merge_patch(more);
    second_ = launch("second", settings);
  }

  json create_classed(const std::string& name, const std::string& pool, int port = 80,
                      const std::string& load_balancer_class = second_class) {
    auto object = load_balancer("default", name, {port}, "name: " + pool + "\n");
    object["spec"]["loadBalancerClass"] = load_balancer_class;
    return kube_.create_service(object);
  }
  std::vector<std::string> finalizers(const std::string& name) const {
    const auto object = service(name);
    return object.is_null() ? std::vector<std::string>{}
                            : object["metadata"].value("finalizers", std::vector<std::string>{});
  }

  /// Who wrote on the object of that name, in EdgeLB (a pool) or in Kubernetes (a Service).
  static std::set<std::string> writers(const support::imposter& server, const std::string& key) {
    std::set<std::string> out;
    for (const auto& entry : server.log())
      if (entry.write() && !entry.client.empty() && entry.meaning.key == key)
        out.insert(entry.client);
    return out;
  }
  std::set<std::string> writers_to_pool(const std::string& name) const {
    return writers(edgelb_, name);
  }
  std::set<std::string> writers_to_service(const std::string& name) const {
    return writers(kube_, "default/" + name);
  }
  std::size_t resyncs(const std::string& client) const {
    std::size_t count = 0;
    for (const auto& entry : edgelb_.log("list", "pools"))
      count += entry.client == client ? 1 : 0;
    return count;
  }
  /// Each of the two compares the inventory three times more.
  bool both_sweep() const {
    const auto before = std::pair{resyncs("usual"), resyncs("second")};
    return eventually([&] {
      return resyncs("usual") >= before.first + 3 && resyncs("second") >= before.second + 3;
    });
  }
  /// Nobody has anything to do any more, and finds nothing to do in further comparisons.
  void expect_settled() {
    wait_quiet(400ms);
    clear_logs();
    EXPECT_TRUE(both_sweep());
    EXPECT_EQ(writes(), 0U);
  }
  static json explained_by(const controller_process& process, const std::string& name) {
    return process.get("/services/default/" + name).json();
  }

  void TearDown() override {
    kube_.clear_faults();
    edgelb_.clear_faults();
    for (auto* process : {usual_.get(), second_.get()}) {
      if (process == nullptr)
        continue;
      if (process->process().running()) {
        EXPECT_EQ(process->stop(), 0);
      }
      if (HasFailure())
        ADD_FAILURE() << "dklb said:\n" << process->output();
    }
    Controller::TearDown();
  }

  std::unique_ptr<controller_process> usual_;
  std::unique_ptr<controller_process> second_;
};

struct pair_case {
  const char* name;
  bool second_first;
  const char* cluster; ///< of the second
};

class TwoDklbsInAnyOrder : public TwoDklbs, public ::testing::WithParamInterface<pair_case> {};

TEST_P(TwoDklbsInAnyOrder, EachServesItsOwnThroughRestarts) {
  create("web", "web-pool");
  create_classed("api", "api-pool");
  const json cluster{{"clusterName", GetParam().cluster}};
  const auto own = [&](bool second) {
    second ? start_second(cluster) : start_usual();
    ASSERT_TRUE(eventually([&] { return served(second ? "api" : "web"); }));
    wait_quiet();
  };
  own(GetParam().second_first);
  own(!GetParam().second_first);
  EXPECT_THAT(writers_to_service("web"), ElementsAre("usual"));
  EXPECT_THAT(writers_to_pool("web-pool"), ElementsAre("usual"));
  EXPECT_THAT(writers_to_service("api"), ElementsAre("second"));
  EXPECT_THAT(writers_to_pool("api-pool"), ElementsAre("second"));
  EXPECT_THAT(finalizers("web"), ElementsAre(finalizer));
  EXPECT_THAT(finalizers("api"), ElementsAre(second_finalizer));
  expect_settled();
  for (auto* process : {usual_.get(), second_.get()}) {
    ASSERT_EQ(process->stop(), 0);
    process->start();
    ASSERT_TRUE(process->wait_ready());
    EXPECT_TRUE(both_sweep());
  }
  EXPECT_EQ(writes(), 0U);
  EXPECT_EQ(explained_by(*second_, "web")["phase"], "Ignored");
  EXPECT_EQ(explained_by(*usual_, "api")["phase"], "Ignored");
  const finished_program plan{
    {"plan", "--config", second_->config_file(), "--kubeconfig", second_->kubeconfig_file()}};
  EXPECT_THAT(plan.output, ::testing::EndsWith("Nothing to do.\n"));

  remove("web");
  EXPECT_TRUE(eventually([&] { return gone("web") && !has_pool("web-pool"); }));
  remove("api");
  EXPECT_TRUE(eventually([&] { return gone("api") && !has_pool("api-pool"); }));
  EXPECT_THAT(writers_to_pool("web-pool"), ElementsAre("usual"));
  EXPECT_THAT(writers_to_pool("api-pool"), ElementsAre("second"));
}

INSTANTIATE_TEST_SUITE_P(
  Table, TwoDklbsInAnyOrder,
  ::testing::Values(pair_case{"UsualFirst", false, support::test_cluster},
                    pair_case{"SecondFirst", true, support::test_cluster},
                    pair_case{"UsualFirstOtherCluster", false, "other-cluster"},
                    pair_case{"SecondFirstOtherCluster", true, "other-cluster"}),
  [](const auto& entry) { return std::string{entry.param.name}; });

TEST_F(TwoDklbs, EachUnclassedServiceHasOneServerWhereBothTakeThem) {
  start_usual();
  start_second({{"kubernetes", {{"claimUnclassed", true}}}});
  ASSERT_TRUE(usual_->wait_ready() && second_->wait_ready());
  constexpr int many = 20;
  const auto name = [](int i) { return "web-" + std::to_string(i); };
  for (int i = 0; i < many; ++i)
    create(name(i), "pool-" + std::to_string(i));
  ASSERT_TRUE(eventually([&] {
    for (int i = 0; i < many; ++i)
      if (!served(name(i)))
        return false;
    return true;
  }));
  for (int i = 0; i < many; ++i) {
    const auto server = finalizers(name(i));
    ASSERT_EQ(server.size(), 1U) << name(i);
    EXPECT_THAT(writers_to_pool("pool-" + std::to_string(i)),
                ElementsAre(server.front() == finalizer ? "usual" : "second"));
  }
  expect_settled();
}

TEST_F(TwoDklbs, ObjectsOfAServiceThatTheWatchHasNotToldYetAreNoOrphans) {
  start_second();
  ASSERT_TRUE(
    eventually([&] { return second_->wait_ready() && kube_.open_watches("services") == 1; }));
  kube_.silence_watches();
  start_usual();
  create("web", "web-pool");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_TRUE(both_sweep());
  EXPECT_THAT(writers_to_pool("web-pool"), ElementsAre("usual"));
  EXPECT_TRUE(has_pool("web-pool"));
  EXPECT_EQ(second_->get("/services/default/web").status, 404) << "it knows nothing of it";
}

TEST_F(TwoDklbs, AServiceThatIsMadeAgainWithAnotherClassChangesItsServer) {
  start_usual();
  start_second();
  create("web", "web-pool");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  create_classed("web", "web-pool");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(finalizers("web"), ElementsAre(second_finalizer));
  expect_settled();
  EXPECT_TRUE(has_pool("web-pool"));
  remove("web");
  ASSERT_TRUE(eventually([&] { return gone("web"); }));
  create("web", "web-pool");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_THAT(finalizers("web"), ElementsAre(finalizer));
  expect_settled();
  EXPECT_TRUE(has_pool("web-pool"));
}

struct move_case {
  std::string name;
  json former, latter; ///< the classes, null: none

  friend void PrintTo(const move_case& item, std::ostream* out) { *out << item.name; }
};

class TwoDklbsMove : public TwoDklbs, public ::testing::WithParamInterface<move_case> {};

/// Its type goes away and comes back with another class before the first server could release it.
TEST_P(TwoDklbsMove, WaitsUntilTheFormerServerHasReleasedTheService) {
  const auto& [name, former, latter] = GetParam();
  start_usual();
  start_second();
  ASSERT_TRUE(usual_->wait_ready() && second_->wait_ready());
  auto object = load_balancer("default", "web", {80}, "name: web-pool\n");
  if (!former.is_null())
    object["spec"]["loadBalancerClass"] = former;
  kube_.create_service(object);
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto server = finalizers("web");
  wait_quiet();
  edgelb_.inject({.method = "DELETE", .path = "/v2/pools/*"});
  patch("web", {{"spec", {{"type", "ClusterIP"}, {"loadBalancerClass", nullptr}}}});
  ASSERT_TRUE(eventually([&] { return edgelb_.count("delete", "pools") > 0; }));
  clear_logs();
  patch("web", {{"spec", {{"type", "LoadBalancer"}, {"loadBalancerClass", latter}}}});
  auto& next = *(former == second_class ? usual_ : second_);
  ASSERT_TRUE(eventually([&] {
    return explained_by(next, "web").value("message", "").find(server.front()) != std::string::npos;
  }));
  EXPECT_TRUE(both_sweep());
  EXPECT_EQ(finalizers("web"), server);
  EXPECT_THAT(writers_to_service("web"), IsEmpty());
  edgelb_.clear_faults();
  const std::vector<std::string> successor{latter == second_class ? second_finalizer : finalizer};
  EXPECT_TRUE(eventually([&] { return finalizers("web") == successor; }));
  EXPECT_TRUE(eventually([&] { return served("web") && condition("web")["status"] == "True"; }));
  expect_settled();
  EXPECT_TRUE(served("web"));
  EXPECT_THAT(frontends("web-pool"), ElementsAre(object_name("web", 80)));
}

INSTANTIATE_TEST_SUITE_P(
  Table, TwoDklbsMove,
  ::testing::Values(move_case{"FromNoClass", nullptr, second_class},
                    move_case{"FromTheUsualClass", "kubernetes.dcos.io/edgelb", second_class},
                    move_case{"ToNoClass", second_class, nullptr},
                    move_case{"ToTheUsualClass", second_class, "kubernetes.dcos.io/edgelb"}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(TwoDklbs, ShareAPoolWithoutTakingEachOthersPorts) {
  start_usual();
  create("web", "shared");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  start_second();
  create_classed("api", "shared", 81);
  create_classed("rival", "shared", 80);
  ASSERT_TRUE(eventually([&] { return served("api") && reason("rival") == "PortConflict"; }));
  EXPECT_THAT(message("rival"), HasSubstr("default/web"));
  expect_settled();
  remove("api");
  ASSERT_TRUE(eventually([&] { return gone("api"); }));
  EXPECT_THAT(frontends("shared"), ElementsAre(object_name("web", 80)));
  remove("rival");
  remove("web");
  EXPECT_TRUE(eventually([&] { return gone("web") && !has_pool("shared"); }));
}

TEST_F(TwoDklbs, ChangingTheClassOfARunningInstallationTearsNothingDown) {
  start_usual();
  create("web", "web-pool");
  create_classed("classed", "classed-pool", 80, "kubernetes.dcos.io/edgelb");
  ASSERT_TRUE(eventually([&] { return served("web") && served("classed"); }));
  wait_quiet();
  const auto before = std::pair{addresses("web"), addresses("classed")};
  ASSERT_EQ(usual_->stop(), 0);
  usual_->reconfigure({{"kubernetes", {{"loadBalancerClass", second_class}}}});
  clear_logs();
  usual_->start();
  ASSERT_TRUE(usual_->wait_ready());
  ASSERT_TRUE(eventually([&] { return resyncs("usual") >= 4; }));
  EXPECT_EQ(writes(), 0U);
  EXPECT_EQ((std::pair{addresses("web"), addresses("classed")}), before);
  EXPECT_TRUE(has_pool("web-pool") && has_pool("classed-pool"));
  const auto log = usual_->output();
  EXPECT_THAT(log, HasSubstr("Services left alone, because they carry the finalizer "
                             "kubernetes.dcos.io/dklb of another dklb: default/web; they would"));
  EXPECT_THAT(log, HasSubstr("Services left alone, because they carry the finalizer "
                             "kubernetes.dcos.io/dklb of another dklb: default/classed"));
  // docs/operations.md, "Change the class": the finalizer's new name hands it over.
  patch("web", {{"metadata", {{"finalizers", {second_finalizer}}}}});
  ASSERT_TRUE(
    eventually([&] { return explained_by(*usual_, "web").value("phase", "") == "Provisioned"; }));
  EXPECT_EQ(edgelb_.writes(), 0U);
  EXPECT_EQ(addresses("web"), before.first);
  remove("web");
  EXPECT_TRUE(eventually([&] { return gone("web") && !has_pool("web-pool"); }));
}

TEST_F(TwoDklbs, AnUpgradeRenamesTheFinalizerOfAnEarlierVersionWithAClassAndNothingElse) {
  start_usual();
  start_second();
  create("web", "web-pool");
  create_classed("api", "api-pool");
  ASSERT_TRUE(eventually([&] { return served("web") && served("api"); }));
  wait_quiet();
  ASSERT_EQ(second_->stop(), 0);
  ASSERT_EQ(usual_->stop(), 0);
  patch("api", {{"metadata", {{"finalizers", {"example.com/other", finalizer}}}}});
  const auto before = addresses("api");
  clear_logs();
  second_->start();
  ASSERT_TRUE(eventually([&] {
    return finalizers("api") == std::vector<std::string>{"example.com/other", second_finalizer};
  }));
  usual_->start();
  ASSERT_TRUE(usual_->wait_ready() && both_sweep());
  EXPECT_EQ(kube_.count("patch", "services"), 1U);
  EXPECT_EQ(kube_.count("patch", "services/status"), 0U);
  EXPECT_EQ(edgelb_.writes(), 0U);
  EXPECT_EQ(addresses("api"), before);
  EXPECT_THAT(finalizers("web"), ElementsAre(finalizer));
}

} // namespace
} // namespace dklb::controller_test
