// Two processes and one Lease: never two writers, whatever happens to the Lease or to the leader.
#include "tests/controller/controller_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>

namespace dklb::controller_test {
namespace {

using support::controller_process;
using ::testing::ElementsAre;

constexpr const char* lease_api = "coordination.k8s.io/v1";

class Leadership : public Controller {
protected:
  /// Both run and `first_` leads.
  void start_two() {
    first_ = launch("first");
    ASSERT_TRUE(eventually([&] { return !holder().empty(); }));
    second_ = launch("second");
    ASSERT_TRUE(first_->wait_ready() && second_->wait_ready());
    create("web", "app");
    ASSERT_TRUE(eventually([&] { return served("web"); }));
    ASSERT_THAT(edgelb_writers(), ElementsAre("first"));
    // The second one has seen who leads.
    ASSERT_TRUE(eventually([&] { return lease_reads("second") >= 2; }));
    settle();
  }

  /// A Service from now on is served by `second_`.
  void expect_take_over() {
    create("later", "later");
    EXPECT_TRUE(eventually([&] { return served("later"); }, 30s));
    EXPECT_EQ(edgelb_writers().back(), "second");
  }

  void TearDown() override {
    EXPECT_TRUE(no_overlap(edgelb_writers())) << ::testing::PrintToString(edgelb_writers());
    EXPECT_TRUE(no_overlap(kube_writers())) << ::testing::PrintToString(kube_writers());
    for (auto* process : {first_.get(), second_.get()}) {
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

  std::unique_ptr<controller_process> launch(const std::string& label) {
    return std::make_unique<controller_process>(
      dklb_program(), kube_, edgelb_,
      json{{"leaderElection",
            {{"enabled", true},
             {"leaseNamespace", "default"},
             {"leaseDuration", "4s"},
             {"renewDeadline", "3s"},
             {"retryPeriod", "200ms"}}},
           {"concurrency",
            {{"resyncPeriod", "1h"},
             {"poll", {{"min", "50ms"}, {"max", "200ms"}}},
             {"retry", {{"base", "50ms"}, {"max", "200ms"}}}}}},
      label);
  }

  /// Nothing but the lease is written to any more.
  void settle() const {
    const auto others = [this] {
      return edgelb_.writes() + kube_.writes() - kube_.count("update", "leases")
             - kube_.count("create", "leases");
    };
    std::size_t seen = 0;
    do
      seen = others();
    while (!always([&] { return others() == seen; }, 300ms));
  }

  json lease() const { return kube_.object(lease_api, "leases", "default", "dklb"); }
  std::string holder() const {
    const auto object = lease();
    return object.is_null() ? std::string{} : object["spec"].value("holderIdentity", "");
  }
  void patch_lease(const json& spec) {
    kube_.patch_object(lease_api, "leases", "default", "dklb", {{"spec", spec}});
  }
  std::size_t lease_reads(const std::string& client) const {
    std::size_t count = 0;
    for (const auto& entry : kube_.log("get", "leases"))
      count += entry.client == client ? 1 : 0;
    return count;
  }
  std::vector<std::string> edgelb_writers() const {
    std::vector<std::string> names;
    for (const auto& term : edgelb_.writer_terms())
      names.push_back(term.client);
    return names;
  }
  /// Who wrote to Services, a name for each run of writes.
  std::vector<std::string> kube_writers() const {
    std::vector<std::string> names;
    for (const auto& entry : kube_.log()) {
      if (entry.write() && entry.meaning.resource.starts_with("services") && !entry.client.empty()
          && (names.empty() || names.back() != entry.client))
        names.push_back(entry.client);
    }
    return names;
  }

  /// Nobody writes again after another one has.
  static bool no_overlap(const std::vector<std::string>& writers) {
    return std::set<std::string>(writers.begin(), writers.end()).size() == writers.size();
  }

  std::unique_ptr<controller_process> first_;
  std::unique_ptr<controller_process> second_;
};

TEST_F(Leadership, OrderlyEndHandsItOverAtOnceAndASettledStateIsNotWrittenTo) {
  start_two();
  clear_logs();
  const auto leader = holder();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(first_->stop(), 0);
  ASSERT_TRUE(eventually([&] { return !holder().empty() && holder() != leader; }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s) << "the lease did not have to expire";
  ASSERT_TRUE(eventually([&] { return edgelb_.count("list", "pools") == 1; }));
  settle();
  EXPECT_EQ(edgelb_.writes(), 0U);
  EXPECT_THAT(kube_writers(), ElementsAre());
  EXPECT_EQ(kube_.count("list", "services"), 0U) << "the cache was warm";
  expect_take_over();
}

TEST_F(Leadership, OrderlyEndHandsItOverAlsoWhileARenewalHasNoAnswer) {
  first_ = launch("first");
  ASSERT_TRUE(first_->wait_ready());
  ASSERT_TRUE(eventually([&] { return !holder().empty(); }));
  kube_.inject({.kind = fault_kind::hang_after, .method = "PUT", .path = "*/leases/*", .times = 1});
  ASSERT_TRUE(eventually([&] {
    const auto renewals = kube_.log("update", "leases");
    return std::any_of(renewals.begin(), renewals.end(), [](const support::log_entry& entry) {
      return !entry.finished && std::chrono::steady_clock::now() - entry.started > 100ms;
    });
  }));
  EXPECT_EQ(first_->stop(), 0);
  EXPECT_EQ(holder(), "");
}

TEST_F(Leadership, OrderlyEndHandsItOverAlsoWithAnExecPlugin) {
  first_ = launch("first");
  ASSERT_TRUE(first_->wait_ready());
  EXPECT_EQ(first_->stop(), 0);
  const support::temporary_folder folder;
  const auto plugin = folder.write(
    "plugin", "while read -r line; do case $line in SigBlk*|SigIgn*) echo \"$line\";; esac; done "
              "</proc/self/status >"
                + folder.path()
                + "/signals\necho '{\"kind\": \"ExecCredential\", \"apiVersion\": "
                  "\"client.authentication.k8s.io/v1\", \"status\": {\"token\": \"t\"}}'\n");
  auto access = kube_.kubeconfig("first");
  access.replace(access.find("user: {}"), std::string::npos,
                 "user: {exec: {apiVersion: client.authentication.k8s.io/v1, "
                 "interactiveMode: Never, command: /bin/sh, args: ["
                   + plugin + "]}}\n");
  std::ofstream{first_->kubeconfig_file()} << access;
  first_->start();
  ASSERT_TRUE(eventually([&] { return !holder().empty(); }));
  EXPECT_EQ(first_->stop(), 0);
  EXPECT_EQ(holder(), "");
  // The C library ignores its own two signals, 32 and 33, in what it spawns.
  EXPECT_THAT(
    support::read_file(folder.path() + "/signals"),
    ::testing::MatchesRegex("SigBlk:\t0000000000000000\nSigIgn:\t0000000(0|18)0000000+\n"));
}

TEST_F(Leadership, EndIsBoundedAlthoughBothServersHang) {
  first_ = launch("first");
  ASSERT_TRUE(first_->wait_ready());
  ASSERT_TRUE(eventually([&] { return !holder().empty(); }));
  edgelb_.inject({.kind = fault_kind::hang});
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") == 1; }));
  kube_.inject({.kind = fault_kind::hang});
  EXPECT_EQ(first_->stop(27s), 0);
}

TEST_F(Leadership, CrashIsTakenOverOnceTheLeaseExpired) {
  start_two();
  const auto leader = holder();
  first_->kill();
  EXPECT_TRUE(always([&] { return holder() == leader; }, 2s)) << "it may be alive";
  expect_take_over();
}

TEST_F(Leadership, FrozenLeaderNeverWritesAgain) {
  start_two();
  // What it wakes up to: a Service to serve, and a request that it had begun.
  edgelb_.inject({.kind = fault_kind::delay_only, .method = "POST", .times = 1, .delay = 300ms});
  create("begun", "begun");
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") == 2; }));
  first_->process().signal(SIGSTOP);
  create("meanwhile", "meanwhile");
  expect_take_over();
  ASSERT_TRUE(eventually([&] { return served("begun") && served("meanwhile"); }));
  first_->process().signal(SIGCONT);
  EXPECT_EQ(first_->process().wait(20s), 1);
  create("last", "last");
  EXPECT_TRUE(eventually([&] { return served("last"); }));
}

TEST_F(Leadership, LeaseTakenByForceEndsTheLeaderAndAnothersClockDecidesNothing) {
  start_two();
  patch_lease({{"holderIdentity", "somebody"},
               {"leaseDurationSeconds", 2},
               {"renewTime", "2099-01-01T00:00:00.000000Z"},
               {"acquireTime", "2099-01-01T00:00:00.000000Z"}});
  EXPECT_EQ(first_->process().wait(20s), 1);
  EXPECT_THAT(first_->output(), ::testing::HasSubstr("somebody else holds the lease: somebody"));
  expect_take_over();
}

TEST_F(Leadership, DeletedLeaseMakesNoSecondWriter) {
  start_two();
  for (int i = 0; i < 5; ++i) {
    const auto before = lease();
    kube_.delete_object(lease_api, "leases", "default", "dklb");
    create("more-" + std::to_string(i), "more-" + std::to_string(i));
    ASSERT_TRUE(eventually([&] { return served("more-" + std::to_string(i)); }));
    ASSERT_TRUE(eventually([&] { return !lease().is_null(); }));
    EXPECT_EQ(holder(), before["spec"]["holderIdentity"]) << "made again by who leads";
  }
}

TEST_F(Leadership, LeaseEmptiedByHandMakesNoSecondWriter) {
  start_two();
  patch_lease({{"holderIdentity", ""}});
  EXPECT_EQ(first_->process().wait(20s), 1);
  expect_take_over();
}

TEST_F(Leadership, ApiServerThatIsAwayEndsTheLeaderAndNobodyWrites) {
  start_two();
  kube_.go_away();
  EXPECT_EQ(first_->process().wait(20s), 1);
  const auto writes = edgelb_.writes();
  kube_.come_back();
  EXPECT_EQ(edgelb_.writes(), writes);
  expect_take_over();
}

TEST_F(Leadership, LivenessDoesNotDependOnTheApiServer) {
  start_two();
  kube_.go_away();
  ASSERT_TRUE(eventually([&] {
    return second_->get("/readyz?verbose").body.find("[!] leader election: ") != std::string::npos;
  }));
  EXPECT_EQ(second_->get("/livez").status, 200);
  EXPECT_EQ(second_->get("/readyz").status, 200) << "its caches are there";
  kube_.come_back();
}

} // namespace
} // namespace dklb::controller_test
