// The probes, over a supervisor that says what the test wants.
#include "actors/introspection/routes.hpp"

#include "actors/introspection/introspection.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <atomic>
#include <thread>
#include <vector>

namespace dklb::actors {
namespace {

using messages::supervisor_actor;
using ::testing::HasSubstr;
using ::testing::Not;

/// The real actor answers from its state alone; this one from what the test set.
caf::behavior told_health(caf::event_based_actor*, const messages::health* known) {
  return {[=](const messages::check_health&) { return *known; }};
}

class Routes : public ::testing::Test {
protected:
  Routes() {
    settings_.system = &system_;
    const auto answering = system_.spawn(told_health, &health_);
    ended_ = answering;
    settings_.supervisor = caf::actor_cast<supervisor_actor>(answering);
    settings_.run = run_;
    settings_.renewal_overdue = [this] { return overdue_; };
    settings_.metrics = [] { return "metrics"; };
    settings_.host_names = {"dklb.dklb-system.svc"};
    run_->log = spdlog::default_logger();
    begin_introspection();
  }
  ~Routes() override {
    caf::anon_send_exit(ended_, caf::exit_reason::user_shutdown);
    end_introspection();
  }

  /// Returns once it is known: an actor enlists itself on a thread of the scheduler.
  void begin_introspection() {
    introspection_ = system_.spawn(introspection, run_);
    while (!run_->actors->find("introspection"))
      std::this_thread::yield();
  }
  void end_introspection() {
    caf::anon_send_exit(introspection_, caf::exit_reason::user_shutdown);
    introspection_ = nullptr;
  }

  http::server::outgoing get(const std::string& path, const std::string& query = {},
                             const std::string& host = "127.0.0.1:8080") {
    http::server::incoming what;
    what.path = path;
    what.host = host;
    what.query = [](const std::string&) { return std::string{}; };
    what.has_query = [query](const std::string& name) { return name == query; };
    return make_routes(settings_)(what);
  }
  static http::server::outgoing get_from(const http::server::handler& routes,
                                         const std::string& path) {
    http::server::incoming what;
    what.path = path;
    what.has_query = [](const std::string&) { return false; };
    return routes(what);
  }

  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  messages::health health_{true, true, true};
  std::shared_ptr<runtime> run_ = std::make_shared<runtime>();
  bool overdue_ = false;
  route_settings settings_;
  caf::actor ended_;
  messages::introspection_actor introspection_;
};

TEST_F(Routes, LiveUnlessALeaderStoppedRenewing) {
  EXPECT_EQ(get("/livez").status, 200);
  overdue_ = true;
  const auto answer = get("/livez");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("[-] leader election failed"));
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(Routes, NotLiveWhileTheIntrospectionActorIsGone) {
  EXPECT_EQ(get("/services").status, 200);
  end_introspection();
  while (get("/livez").status == 200) // its end takes a moment
    std::this_thread::yield();
  EXPECT_THAT(get("/livez").body, HasSubstr("[-] introspection failed"));
  EXPECT_EQ(get("/services").status, 503);
  begin_introspection();
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/services").status, 200) << "its successor answers";
}

TEST_F(Routes, NamesThatAreNoUtf8EndNobody) {
  for (const std::string path : {"/services/\xff/x", "/pools/\xff", "/\xff"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(get(path).status, 404);
    for (const auto* page : {"/services", "/pools", "/actors", "/livez"})
      EXPECT_EQ(get(page).status, 200) << page;
  }
}

TEST_F(Routes, OnlyOurOwnNamesAreAnswered) {
  for (const auto* host : {"", "127.0.0.1:8080", "[::1]:8080", "10.4.0.7", "localhost:1",
                           "DKLB.dklb-system.svc.:8080"})
    EXPECT_EQ(get("/metrics", "", host).status, 200) << host;
  for (const auto* path : {"/metrics", "/config", "/services", "/livez", "/readyz", "/nowhere"}) {
    const auto answer = get(path, "", "evil.example");
    EXPECT_EQ(answer.status, 421) << path;
    EXPECT_THAT(nlohmann::json::parse(answer.body).at("error").get<std::string>(),
                HasSubstr("http.allowedHosts"));
  }
}

TEST_F(Routes, PagesThatWaitForActorsLeaveRoomForHealthChecks) {
  end_introspection();
  while (run_->actors->find("introspection"))
    std::this_thread::yield();
  std::atomic<int> asked{0};
  std::atomic<bool> go_on{false};
  const auto stuck = system_.spawn(
    [&asked](caf::event_based_actor*, const std::atomic<bool>* gate) -> caf::behavior {
      return {[&asked, gate](const messages::view_services&) {
        asked = 1;
        while (!*gate)
          std::this_thread::yield();
        return messages::view{200, "late"};
      }};
    },
    &go_on);
  run_->actors->add(stuck.id(), "introspection", "",
                    caf::actor_cast<messages::describable_actor>(stuck));
  const auto routes = make_routes(settings_);
  std::atomic<int> refused{0};
  std::vector<std::thread> many;
  for (int count = 0; count < 60; ++count)
    many.emplace_back([&] {
      const auto body = get_from(routes, "/services").body;
      refused += body.find("too many pages") != std::string::npos ? 1 : 0;
    });
  // Those that find no place do not wait.
  while (refused < 40)
    std::this_thread::yield();
  EXPECT_EQ(get_from(routes, "/livez").status, 200);
  go_on = true;
  for (auto& each : many)
    each.join();
  run_->actors->remove(stuck.id());
  caf::anon_send_exit(stuck, caf::exit_reason::user_shutdown);
}

TEST_F(Routes, ReadinessNamesWhatIsMissingAndWhy) {
  health_.inventory_read = false;
  run_->troubles->failing("edgelb", "connection refused");
  const auto answer = get("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("[-] edgelb failed: connection refused"));
  EXPECT_THAT(answer.body, Not(HasSubstr("services")));
}

TEST_F(Routes, VerboseListsTroublesThatDoNotDecide) {
  run_->troubles->failing("leader election", "cannot update");
  run_->watches->add("services", [] { return std::chrono::milliseconds{61000}; });
  EXPECT_EQ(get("/readyz").body, "ok\n");
  const auto verbose = get("/readyz", "verbose");
  EXPECT_EQ(verbose.status, 200);
  EXPECT_THAT(verbose.body, HasSubstr("[+] services ok\n"));
  EXPECT_THAT(verbose.body, HasSubstr("[!] leader election: cannot update\n"));
  EXPECT_THAT(verbose.body, HasSubstr("[i] watch of services: last heard of 61s ago\n"));
}

} // namespace
} // namespace dklb::actors
