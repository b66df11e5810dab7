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

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
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
    settings_.config = [this] { return shown_config_; };
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

  using parameters = std::vector<std::pair<std::string, std::string>>;

  static http::server::incoming request(const std::string& path, const parameters& query = {},
                                        const std::string& host = "127.0.0.1:8080") {
    http::server::incoming what;
    what.path = path;
    what.host = host;
    for (const auto& [name, value] : query)
      what.parameters.push_back(name);
    std::sort(what.parameters.begin(), what.parameters.end());
    const auto given = std::make_shared<const parameters>(query);
    what.query = [given](const std::string& name) {
      for (const auto& [key, value] : *given)
        if (key == name)
          return value;
      return std::string{};
    };
    what.has_query = [given](const std::string& name) {
      return std::any_of(given->begin(), given->end(),
                         [&](const auto& item) { return item.first == name; });
    };
    return what;
  }
  http::server::outgoing get(const std::string& path, const parameters& query = {},
                             const std::string& host = "127.0.0.1:8080") {
    return make_routes(settings_)(request(path, query, host));
  }
  static http::server::outgoing get_from(const http::server::handler& routes,
                                         const std::string& path) {
    return routes(request(path));
  }
  static std::string error_of(const http::server::outgoing& answer) {
    return nlohmann::json::parse(answer.body).at("error").get<std::string>();
  }

  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  messages::health health_{true, true};
  std::shared_ptr<runtime> run_ = std::make_shared<runtime>();
  bool overdue_ = false;
  std::string shown_config_ = "{}";
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

TEST_F(Routes, TheConfigurationIsThatOfTheMoment) {
  EXPECT_EQ(get("/config").body, "{}");
  shown_config_ = R"({"changed": true})";
  EXPECT_EQ(get("/config").body, shown_config_);
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
    EXPECT_EQ(get("/metrics", {}, host).status, 200) << host;
  for (const auto* path :
       {"/metrics", "/config", "/services", "/livez", "/readyz", "/nowhere", "/"}) {
    const auto answer = get(path, {}, "evil.example");
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
  const auto verbose = get("/readyz", {{"verbose", ""}});
  EXPECT_EQ(verbose.status, 200);
  EXPECT_THAT(verbose.body, HasSubstr("[+] services ok\n"));
  EXPECT_THAT(verbose.body, HasSubstr("[!] leader election: cannot update\n"));
  EXPECT_THAT(verbose.body, HasSubstr("[i] watch of services: last heard of 61s ago\n"));
}

TEST_F(Routes, QueriesThatNobodyKnowsAreRefused) {
  const std::vector<std::pair<std::string, parameters>> wrong{
    {"/", {{"x", ""}}},
    {"/services", {{"wach", "1"}}},
    {"/services", {{"watch", ""}}},
    {"/services", {{"watch", "2"}}},
    {"/services", {{"watch", "1"}, {"watch", "1"}}},
    {"/services", {{"kind", "pool"}}},
    {"/services/a/b", {{"watch", "1"}}},
    {"/pools/a", {{"verbose", ""}}},
    {"/actors", {{"watch", "1"}, {"kind", "pool"}}},
    {"/config", {{"x", "1"}}},
    {"/metrics", {{"x", "1"}}},
    {"/livez", {{"watch", "1"}}}};
  for (const auto& [path, query] : wrong) {
    const auto answer = get(path, query);
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_THAT(error_of(answer), HasSubstr(query.front().first)) << path;
  }
  EXPECT_EQ(get("/nowhere", {{"x", "1"}}).status, 404) << "the path is the first mistake";
  EXPECT_EQ(get("/actors", {{"key", "a"}, {"kind", "pool"}}).status, 200);
  EXPECT_EQ(get("/livez", {{"verbose", ""}}).status, 200);
}

std::string header(const http::server::outgoing& answer, const std::string& name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name)
      return value;
  return {};
}

TEST_F(Routes, PageHasAPolicyThatAllowsNothingButItself) {
  const auto answer = get("/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("<title>dklb</title>"));
  EXPECT_THAT(answer.body, Not(HasSubstr("{{")));
  const auto policy = header(answer, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'sha256-"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_EQ(header(answer, "Cross-Origin-Resource-Policy"), "same-origin");
  EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "");
  // No address outside, and no handler in the markup.
  for (const auto* text : {"http://", "https://", "//cdn", "onclick", "onload", "innerHTML"}) {
    auto body = answer.body;
    for (const std::string_view known : {"http://www.w3.org/2000/svg"})
      for (auto at = body.find(known); at != std::string::npos; at = body.find(known))
        body.erase(at, known.size());
    EXPECT_THAT(body, Not(HasSubstr(text)));
  }
}

/// Takes the first events of a stream and then goes.
class short_client final : public http::server::event_sink {
public:
  explicit short_client(std::string end) : end_(std::move(end)) {}
  bool send(std::string_view piece) override {
    received.append(piece);
    return true;
  }
  bool is_open() const override { return received.find(end_) == std::string::npos; }

  std::string received;

private:
  std::string end_;
};

TEST_F(Routes, StreamsAreBounded) {
  const auto routes = make_routes(settings_);
  std::vector<http::server::outgoing> open;
  for (int count = 0; count < 32; ++count) {
    open.push_back(routes(request(count % 2 == 0 ? "/services" : "/actors", {{"watch", "1"}})));
    ASSERT_EQ(open.back().status, 200);
    EXPECT_EQ(open.back().content_type, "text/event-stream");
  }
  const auto refused = routes(request("/pools", {{"watch", "1"}}));
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(error_of(refused), HasSubstr("too many streams"));
  EXPECT_EQ(routes(request("/pools")).status, 200) << "pages are still there";
  open.pop_back();
  EXPECT_EQ(routes(request("/pools", {{"watch", "1"}})).status, 200);
}

TEST_F(Routes, AStreamOfActorsNamesThem) {
  const auto answer = get("/actors", {{"watch", "1"}});
  short_client reads{R"("kind":"introspection")"};
  answer.events(reads);
  EXPECT_THAT(reads.received, HasSubstr("event: snapshot\n"));
  EXPECT_THAT(reads.received, Not(HasSubstr("processed")));
}

TEST_F(Routes, AStreamWithoutAnIntrospectionActorGoesOnOnceThereIsOne) {
  end_introspection();
  while (run_->actors->find("introspection"))
    std::this_thread::yield();
  const auto answer = get("/services", {{"watch", "1"}});
  short_client reads{"event: snapshot"};
  std::thread serving{[&] { answer.events(reads); }};
  begin_introspection();
  serving.join();
  EXPECT_THAT(reads.received, HasSubstr(R"({"changed":[],"removed":[]})"));
}

} // namespace
} // namespace dklb::actors
