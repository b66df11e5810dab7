// A configuration file that changes while dklb runs: what applies at once, and what a bad one does.
#include "tests/controller/controller_fixture.hpp"
#include "tests/support/prometheus_text.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dklb::controller_test {
namespace {

using ::testing::HasSubstr;

class LiveConfig : public Controller {
protected:
  LiveConfig() { environment_ = {{"POD_NAME", "dklb-0"}, {"POD_NAMESPACE", "dklb-system"}}; }

  void start_ready(const json& overrides = json::object()) {
    start(overrides);
    ASSERT_TRUE(dklb_->wait_ready());
    ASSERT_TRUE(eventually([&] { return kube_.open_watches("services") == 1; }));
  }
  double reloads(const char* result) const {
    return support::prometheus_text{dklb_->get("/metrics").body}
      .value("dklb_config_reloads_total", {{"result", result}})
      .value_or(-1);
  }
  /// Changes the file, and waits until it is applied.
  void change(const json& overrides) {
    const auto before = reloads("applied");
    dklb_->reconfigure(overrides);
    ASSERT_TRUE(eventually([&] { return reloads("applied") == before + 1; })) << dklb_->output();
  }
  void change_concurrency(const json& overrides) { change({{"concurrency", overrides}}); }
  json shown() const { return dklb_->get("/config").json(); }
  bool said(const std::string& words) const {
    return dklb_->output().find(words) != std::string::npos;
  }
  void create_many(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i)
      create(prefix + std::to_string(i), prefix + std::to_string(i));
  }
  bool all_served(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i)
      if (!served(prefix + std::to_string(i)))
        return false;
    return true;
  }
};

TEST_F(LiveConfig, ChangedFileIsShownLoggedAndCounted) {
  start_ready();
  EXPECT_EQ(reloads("applied"), 0);
  EXPECT_EQ(reloads("unchanged"), 0);
  EXPECT_EQ(reloads("rejected"), 0);
  change({{"concurrency", {{"edgelbInFlight", 3}}}, {"pools", {{"defaultSize", 2}}}});
  const auto page = shown();
  EXPECT_EQ(page["config"]["concurrency"]["edgelbInFlight"], 3);
  EXPECT_EQ(page["config"]["pools"]["defaultSize"], 1) << "that is what is in force";
  EXPECT_EQ(page["needRestart"],
            (json::array({{{"key", "pools.defaultSize"}, {"running", "1"}, {"written", "2"}}})));
  EXPECT_EQ(page["rejected"], nullptr);
  EXPECT_TRUE(said("concurrency.edgelbInFlight is now 3, it was 16"));
  EXPECT_TRUE(said("pools.defaultSize is 2 in " + dklb_->config_file() + ", but needs a restart"));
  change({{"pools", {{"defaultSize", 1}}}});
  EXPECT_EQ(shown()["needRestart"], json::array());
}

TEST_F(LiveConfig, BadFileChangesNothingUntilItIsMended) {
  start_ready({{"concurrency", {{"edgelbInFlight", 5}}}});
  dklb_->reconfigure(
    {{"concurrency", {{"edgelbInFlight", "many"}, {"poolWriteGap", "5s"}}}, {"surprise", 1}});
  ASSERT_TRUE(eventually([&] { return reloads("rejected") == 1; }));
  const auto page = shown();
  EXPECT_EQ(page["config"]["concurrency"]["edgelbInFlight"], 5);
  EXPECT_EQ(page["config"]["concurrency"]["poolWriteGap"], "20ms");
  ASSERT_EQ(page["rejected"]["mistakes"].size(), 2U) << page;
  for (const auto& mistake : page["rejected"]["mistakes"]) {
    const auto words = mistake.get<std::string>();
    EXPECT_THAT(words, HasSubstr(dklb_->config_file() + ":"));
    EXPECT_TRUE(said("error   " + words)) << words;
  }
  EXPECT_TRUE(said("the configuration that was read last stays in force"));
  ASSERT_TRUE(eventually([&] {
    return kube_.event_reasons("dklb-system", "dklb-0")
           == std::vector<std::string>{"ConfigRejected"};
  }));
  EXPECT_THAT(kube_.events().back().dump(), HasSubstr("concurrency.edgelbInFlight"));
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return served("web"); })) << "work goes on";

  change(
    {{"concurrency", {{"edgelbInFlight", 6}, {"poolWriteGap", "20ms"}}}, {"surprise", nullptr}});
  EXPECT_EQ(shown()["rejected"], nullptr);
  EXPECT_EQ(shown()["config"]["concurrency"]["edgelbInFlight"], 6);
}

TEST_F(LiveConfig, FileThatIsGoneIsToldAndFoundAgain) {
  start_ready();
  const auto text = support::read_file(dklb_->config_file());
  std::filesystem::remove(dklb_->config_file());
  ASSERT_TRUE(eventually([&] { return reloads("rejected") == 1; }));
  EXPECT_THAT(shown()["rejected"]["mistakes"].dump(), HasSubstr("cannot be read"));
  std::ofstream(dklb_->config_file()) << text; // written in place, not renamed
  ASSERT_TRUE(eventually([&] { return reloads("unchanged") == 1; }));
  EXPECT_EQ(shown()["rejected"], nullptr);
}

TEST_F(LiveConfig, HangUpHasTheFileReadAgain) {
  start_ready();
  dklb_->process().signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return reloads("unchanged") == 1; }));
  EXPECT_TRUE(said("was read again: nothing has changed"));
  dklb_->reconfigure({{"surprise", 1}});
  ASSERT_TRUE(eventually([&] { return reloads("rejected") == 1; }));
  dklb_->process().signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return reloads("rejected") == 2; }))
    << "the mistakes are told again";
}

TEST_F(LiveConfig, FileInAVolumeIsFollowedThroughItsLink) {
  namespace fs = std::filesystem;
  const support::temporary_folder volume;
  const auto put = [&](const std::string& version, int in_flight) {
    const auto folder = volume.path() + "/..v" + version;
    fs::create_directory(folder);
    auto settings = json::parse(support::read_file(dklb_->config_file()));
    settings["concurrency"]["edgelbInFlight"] = in_flight;
    std::ofstream(folder + "/dklb.yaml") << settings.dump(2);
    fs::create_directory_symlink("..v" + version, volume.path() + "/..data_tmp");
    fs::rename(volume.path() + "/..data_tmp", volume.path() + "/..data");
  };
  start_ready();
  put("1", 4);
  fs::create_symlink("..data/dklb.yaml", volume.path() + "/dklb.yaml");
  EXPECT_EQ(dklb_->stop(), 0);
  dklb_->start(volume.path() + "/dklb.yaml");
  ASSERT_TRUE(dklb_->wait_ready());
  for (int round = 2; round < 5; ++round) {
    put(std::to_string(round), 10 + round);
    fs::remove_all(volume.path() + "/..v" + std::to_string(round - 1));
    ASSERT_TRUE(
      eventually([&] { return shown()["config"]["concurrency"]["edgelbInFlight"] == 10 + round; }))
      << round;
  }
  EXPECT_EQ(reloads("applied"), 3);
  EXPECT_EQ(reloads("rejected"), 0);
}

TEST_F(LiveConfig, IdleProcessIsNotWokenByItsWatch) {
  start_ready();
  const auto switches = [&] {
    std::size_t sum = 0;
    for (const auto& task : std::filesystem::directory_iterator(
           "/proc/" + std::to_string(dklb_->process().pid()) + "/task")) {
      std::string name;
      std::getline(std::ifstream(task.path() / "comm"), name);
      if (name != "dklb-config")
        continue;
      std::ifstream status(task.path() / "status");
      for (std::string line; std::getline(status, line);)
        if (line.starts_with("voluntary_ctxt_switches:"))
          sum += std::stoul(line.substr(line.find(':') + 1)) + 1; // it is there
    }
    return sum;
  };
  ASSERT_TRUE(eventually([&] { return switches() > 0; }));
  wait_quiet();
  const auto before = switches();
  EXPECT_TRUE(always([&] { return switches() == before; }, 1s));
}

// -- each key

TEST_F(LiveConfig, InFlightBoundOfEdgelb) {
  start_ready({{"concurrency", {{"edgelbInFlight", 2}}}});
  edgelb_.inject({.kind = fault_kind::delay_only, .path = "/v2/pools*", .delay = 20ms});
  create_many("first-", 12);
  ASSERT_TRUE(eventually([&] { return all_served("first-", 12); }));
  EXPECT_EQ(edgelb_.peak_in_flight(), 2U);
  change_concurrency({{"edgelbInFlight", 6}});
  create_many("second-", 30);
  ASSERT_TRUE(eventually([&] { return all_served("second-", 30); }));
  EXPECT_EQ(edgelb_.peak_in_flight(), 6U);
  change_concurrency({{"edgelbInFlight", 1}});
  edgelb_.clear_log();
  create_many("third-", 12);
  ASSERT_TRUE(eventually([&] { return all_served("third-", 12); }));
  EXPECT_EQ(edgelb_.peak_in_flight(), 1U);
}

TEST_F(LiveConfig, InFlightBoundOfKubernetes) {
  start_ready({{"concurrency", {{"kubernetesInFlight", 8}}}});
  change_concurrency({{"kubernetesInFlight", 2}});
  kube_.clear_log();
  kube_.inject({.kind = fault_kind::delay_only, .delay = 20ms});
  create_many("web-", 15);
  ASSERT_TRUE(eventually([&] { return all_served("web-", 15); }));
  EXPECT_EQ(kube_.peak_in_flight(), 2U);
}

TEST_F(LiveConfig, RateOfKubernetes) {
  start_ready();
  change({{"kubernetes", {{"qps", 0.01}, {"burst", 1}}}});
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return kube_.count("patch", "services") == 1; }));
  EXPECT_TRUE(always([&] { return !served("web"); }, 300ms)) << "the burst is spent";
  change({{"kubernetes", {{"qps", 0}}}});
  EXPECT_TRUE(eventually([&] { return served("web"); }));
}

TEST_F(LiveConfig, BurstOfKubernetes) {
  start_ready({{"kubernetes", {{"qps", 0}, {"burst", 1}}}});
  change({{"kubernetes", {{"qps", 0.01}, {"burst", 50}}}});
  create_many("web-", 5);
  EXPECT_TRUE(eventually([&] { return all_served("web-", 5); }));
}

TEST_F(LiveConfig, TimeoutOfEdgelb) {
  start_ready();
  change_concurrency({{"retry", {{"edgelbTimeout", "300ms"}}}});
  edgelb_.inject({.kind = fault_kind::hang, .method = "POST", .times = 1});
  create("web", "app");
  EXPECT_TRUE(eventually([&] { return served("web"); }, 4s));
}

TEST_F(LiveConfig, TimeoutOfKubernetes) {
  start_ready();
  change_concurrency({{"retry", {{"kubernetesTimeout", "300ms"}}}});
  kube_.inject({.kind = fault_kind::hang, .method = "PATCH", .times = 1});
  create("web", "app");
  EXPECT_TRUE(eventually([&] { return served("web"); }, 4s));
}

TEST_F(LiveConfig, WriteGap) {
  start_ready();
  change_concurrency({{"poolWriteGap", "600ms"}});
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  create("more", "app", {81});
  ASSERT_TRUE(eventually([&] { return served("more"); }));
  const auto first = edgelb_.log("create", "pools").front();
  const auto second = edgelb_.log("update", "pools").front();
  EXPECT_GE(second.started - *first.finished, 590ms);
}

TEST_F(LiveConfig, ResyncPeriodThatWasAnHour) {
  start_ready();
  EXPECT_EQ(edgelb_.count("list", "pools"), 1U);
  change_concurrency({{"resyncPeriod", "100ms"}});
  EXPECT_TRUE(eventually([&] { return edgelb_.count("list", "pools") >= 4; }));
}

TEST_F(LiveConfig, PollsAndRetries) {
  start_ready({{"concurrency",
                {{"poll", {{"min", "100ms"}, {"max", "100ms"}}},
                 {"retry", {{"base", "100ms"}, {"max", "100ms"}}}}}});
  edgelb_.hold_metadata();
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return edgelb_.count("get", "pools/metadata") >= 3; }));
  change_concurrency({{"poll", {{"min", "1h"}, {"max", "1h"}}}});
  wait_quiet();
  auto polls = edgelb_.count("get", "pools/metadata");
  ASSERT_TRUE(always([] { return true; }, 150ms)); // one that was armed before
  polls = edgelb_.count("get", "pools/metadata");
  EXPECT_TRUE(always([&] { return edgelb_.count("get", "pools/metadata") == polls; }, 500ms));

  edgelb_.inject({.method = "POST"});
  create("other", "other");
  ASSERT_TRUE(eventually([&] { return edgelb_.count("create", "pools") >= 4; }));
  change_concurrency({{"retry", {{"base", "1h"}, {"max", "1h"}}}});
  ASSERT_TRUE(always([] { return true; }, 250ms)); // one that was armed before
  const auto tries = edgelb_.count("create", "pools");
  EXPECT_TRUE(always([&] { return edgelb_.count("create", "pools") == tries; }, 500ms));
}

TEST_F(LiveConfig, MailboxLimitLosesNothing) {
  start_ready();
  change_concurrency({{"mailboxLimit", 1}});
  create_many("web-", 60);
  EXPECT_TRUE(eventually([&] { return all_served("web-", 60); }, 60s));
}

TEST_F(LiveConfig, OrphansMode) {
  start_ready({{"orphans", {{"mode", "report"}}}, {"concurrency", {{"resyncPeriod", "100ms"}}}});
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_EQ(dklb_->stop(), 0);
  patch("web", {{"metadata", {{"finalizers", nullptr}}}});
  remove("web");
  dklb_->start();
  ASSERT_TRUE(eventually([&] { return said("orphans.mode: report"); }));
  EXPECT_TRUE(has_pool("app"));
  change({{"orphans", {{"mode", "delete"}}}});
  EXPECT_TRUE(eventually([&] { return !has_pool("app"); }));
}

TEST_F(LiveConfig, LevelAndFormatOfTheLog) {
  start_ready({{"log", {{"level", "error"}}}});
  create("web", "app");
  ASSERT_TRUE(eventually([&] { return served("web"); }));
  EXPECT_FALSE(said("pool app: create"));
  change({{"log", {{"level", "info"}, {"format", "json"}}}});
  create("more", "more");
  ASSERT_TRUE(eventually([&] { return said("pool more: create"); }));
  std::istringstream lines{dklb_->output()};
  json last;
  for (std::string line; std::getline(lines, line);)
    if (line.find("pool more: create") != std::string::npos)
      last = json::parse(line);
  EXPECT_EQ(last["level"], "info");
  EXPECT_EQ(last["pool"], "more");
  EXPECT_EQ(last["reason"], "create");
  change({{"log", {{"format", "text"}}}});
  create("plain", "plain");
  ASSERT_TRUE(eventually([&] { return said("info    pool plain: create"); }));
}

TEST_F(LiveConfig, NothingIsLostWhileItChangesAllTheTime) {
  start_ready();
  for (int i = 0; i < 60; ++i) {
    create("web-" + std::to_string(i), "app-" + std::to_string(i % 7), {1000 + i});
    if (i % 6 == 0)
      change_concurrency({{"edgelbInFlight", 1 + i % 5},
                          {"kubernetesInFlight", 1 + i % 3},
                          {"mailboxLimit", 1 + i % 4},
                          {"resyncPeriod", std::to_string(100 + i) + "ms"}});
  }
  EXPECT_TRUE(eventually([&] { return all_served("web-", 60); }, 60s));
  EXPECT_EQ(kube_.open_watches("services"), 1U);
  EXPECT_EQ(kube_.count("list", "services"), 1U) << "the watch was never opened anew";
}

} // namespace
} // namespace dklb::controller_test
