// The program as its operator meets it: exit status, mistakes, the end.
#include "tests/controller/controller_fixture.hpp"

#include <csignal>

namespace dklb::controller_test {
namespace {

using ::testing::HasSubstr;

class Program : public ::testing::Test {
protected:
  int run(const std::vector<std::string>& arguments) {
    const finished_program ended{arguments};
    output_ = ended.output;
    return ended.status;
  }

  support::temporary_folder folder_;
  std::string output_;
};

TEST_F(Program, NamesEveryMistakeOfItsConfigurationAtOnce) {
  const auto file = folder_.write("dklb.yaml", "clusterName: dev\n"
                                               "surprise: 1\n"
                                               "concurrency:\n"
                                               "  edgelbInFlight: many\n"
                                               "  poolWriteGap: soon\n");
  for (const auto& arguments :
       {std::vector<std::string>{"--config", file}, {"check-config", file}}) {
    EXPECT_EQ(run(arguments), 2);
    EXPECT_THAT(output_, HasSubstr(file + ":2: surprise"));
    EXPECT_THAT(output_, HasSubstr(file + ":4: concurrency.edgelbInFlight"));
    EXPECT_THAT(output_, HasSubstr(file + ":5: concurrency.poolWriteGap"));
  }
}

TEST_F(Program, RefusesAFlagItDoesNotKnow) {
  EXPECT_EQ(run({"--surprise"}), 2);
  EXPECT_THAT(output_, HasSubstr("--surprise"));
}

TEST_F(Program, NamesAConfigurationFileThatIsMissing) {
  EXPECT_EQ(run({"--config", folder_.path() + "/none.yaml"}), 2);
  EXPECT_THAT(output_, HasSubstr("/none.yaml"));
}

TEST_F(Program, TellsItsVersion) {
  EXPECT_EQ(run({"--version"}), 0);
  EXPECT_THAT(output_, HasSubstr("dklb "));
}

TEST_F(Controller, PlanSaysWhatWouldBeWrittenAndWritesNothing) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  const auto plan = [&](const std::string& format) {
    return finished_program{{"plan", "--config", dklb_->config_file(), "--kubeconfig",
                             dklb_->kubeconfig_file(), "-o", format}};
  };
  const auto settled = plan("table");
  EXPECT_EQ(settled.status, 0) << settled.output;
  EXPECT_EQ(settled.output, "Nothing to do.\n");

  EXPECT_EQ(dklb_->stop(), 0);
  create("more", "other", {81});
  create("rival", "app");
  const auto before = writes();
  const auto table = plan("table");
  EXPECT_EQ(table.status, 1);
  EXPECT_THAT(table.output, HasSubstr("other  create  create pool other"));
  EXPECT_THAT(table.output, HasSubstr("default/rival  Refused  PortConflict"));
  const auto json = plan("json");
  EXPECT_EQ(json.status, 1);
  EXPECT_EQ(nlohmann::json::parse(json.output)["pools"][0]["name"], "other");
  EXPECT_EQ(writes(), before);
}

TEST_F(Controller, PlanNamesTheServerThatFails) {
  start();
  ASSERT_TRUE(dklb_->wait_ready());
  const auto plan = [&] {
    return finished_program{
      {"plan", "--config", dklb_->config_file(), "--kubeconfig", dklb_->kubeconfig_file()}};
  };
  edgelb_.inject({.kind = fault_kind::status, .path = "/v2/pools", .times = 1});
  const auto without_edgelb = plan();
  EXPECT_EQ(without_edgelb.status, 2);
  EXPECT_THAT(without_edgelb.output, HasSubstr("EdgeLB: "));
  kube_.inject({.kind = fault_kind::status, .path = "/api/v1/services", .times = 1});
  const auto without_kubernetes = plan();
  EXPECT_EQ(without_kubernetes.status, 2);
  EXPECT_THAT(without_kubernetes.output, HasSubstr("Kubernetes: "));
}

TEST_F(Controller, TermFinishesWhatIsInFlight) {
  edgelb_.inject({.kind = fault_kind::delay_only, .method = "POST", .delay = 400ms});
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") == 1; }));
  EXPECT_EQ(dklb_->stop(), 0);
  EXPECT_TRUE(has_pool("app"));
  const auto write = edgelb_.log("create", "pools").front();
  EXPECT_EQ(write.status, 200);
}

TEST_F(Controller, InterruptEndsItInOrderToo) {
  start();
  ASSERT_TRUE(dklb_->wait_ready());
  dklb_->process().signal(SIGINT);
  EXPECT_EQ(dklb_->process().wait(20s), 0);
}

TEST_F(Controller, SignalsThatAskForNothingAreNotedAndIgnored) {
  start();
  ASSERT_TRUE(dklb_->wait_ready());
  for (const int number : {SIGPIPE, SIGUSR1, SIGUSR2})
    dklb_->process().signal(number);
  for (const char* name : {"SIGUSR1", "SIGUSR2"}) {
    EXPECT_TRUE(eventually(
      [&] { return dklb_->output().find(std::string{name} + " is ignored") != std::string::npos; }))
      << name;
  }
  create("web", "app");
  EXPECT_TRUE(eventually([&] { return served("web"); }));
  stop();
}

TEST_F(Controller, SecondTermEndsItAtOnce) {
  start({{"concurrency", {{"retry", {{"edgelbTimeout", "60s"}}}}}});
  ASSERT_TRUE(dklb_->wait_ready());
  edgelb_.inject({.kind = fault_kind::hang, .method = "POST"});
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") == 1; }));
  dklb_->process().signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return dklb_->output().find("stopping") != std::string::npos; }));
  EXPECT_FALSE(dklb_->process().wait(500ms)) << "it waits for what is in flight";
  dklb_->process().signal(SIGTERM);
  EXPECT_EQ(dklb_->process().wait(5s), 1);
  EXPECT_THAT(dklb_->output(), HasSubstr("the orderly end is cut short"));
}

TEST_F(Controller, IntrospectionAnswersWhileEdgelbHangs) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  edgelb_.inject({.kind = fault_kind::hang});
  for (const char* path : {"/healthz", "/readyz", "/actors", "/pools", "/pools/app", "/services",
                           "/services/default/web", "/config"}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(dklb_->get(path).status, 200) << path;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << path;
  }
  EXPECT_EQ(dklb_->get("/nothing").status, 404);
  EXPECT_TRUE(dklb_->get("/nothing").json().contains("error"));
}

TEST_F(Controller, ActorsAreListedByKindAndKey) {
  create("web", "app");
  start();
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  for (const char* kind : {"service", "pool", "pool_poller", "status_writer", "service_watcher",
                           "supervisor", "edgelb_gateway", "kube_gateway", "event_recorder"}) {
    const auto listed = dklb_->get(std::string("/actors?kind=") + kind).json();
    ASSERT_TRUE(listed.is_array() && !listed.empty()) << kind;
    for (const char* key :
         {"id", "kind", "key", "state", "since", "mailbox", "processed", "restarts", "lastError"})
      EXPECT_TRUE(listed[0].contains(key)) << kind << " " << key;
  }
  EXPECT_EQ(dklb_->get("/actors?key=default/web").json().size(), 1U);
}

} // namespace
} // namespace dklb::controller_test
