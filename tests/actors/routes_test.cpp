// The probes, over a supervisor that says what the test wants.
#include "actors/routes.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
    settings_.supervisor = [answering] { return caf::actor_cast<supervisor_actor>(answering); };
    settings_.run = run_;
    settings_.renewal_overdue = [this] { return overdue_; };
  }
  ~Routes() override { caf::anon_send_exit(ended_, caf::exit_reason::user_shutdown); }

  http::server::outgoing get(const std::string& path, const std::string& query = {}) {
    http::server::incoming what;
    what.path = path;
    what.query = [](const std::string&) { return std::string{}; };
    what.has_query = [query](const std::string& name) { return name == query; };
    return make_routes(settings_)(what);
  }

  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  messages::health health_{true, true, true};
  std::shared_ptr<runtime> run_ = std::make_shared<runtime>();
  bool overdue_ = false;
  route_settings settings_;
  caf::actor ended_;
};

TEST_F(Routes, LiveUnlessALeaderStoppedRenewing) {
  EXPECT_EQ(get("/livez").status, 200);
  overdue_ = true;
  const auto answer = get("/livez");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("[-] leader election failed"));
  EXPECT_EQ(get("/readyz").status, 200);
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
