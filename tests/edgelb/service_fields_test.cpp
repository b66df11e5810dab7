// The lines that a Service's fields and keys become, as traffic sees them.
#include "tests/edgelb/echo_pool.hpp"

#include <gtest/gtest.h>

#include <httplib.h>

#include <set>

namespace dklb::edgelb {
namespace {

using testing::add_frontend;
using testing::connection;
using testing::echo_pool;
using testing::echo_server;
using testing::eventually;
using testing::greeting;
using testing::running_edgelb;

/// Answers GET /healthz as kube-proxy does at a healthCheckNodePort.
class health_page {
public:
  health_page() {
    server_.Get("/healthz", [this](const httplib::Request&, httplib::Response& response) {
      ++asked_;
      response.status = status_;
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running())
      std::this_thread::yield();
  }
  ~health_page() {
    server_.stop();
    thread_.join();
  }
  health_page(const health_page&) = delete;
  health_page& operator=(const health_page&) = delete;

  int port() const { return port_; }
  void answer(int status) { status_ = status; }
  int asked() const { return asked_; }

private:
  httplib::Server server_;
  std::atomic<int> status_{200};
  std::atomic<int> asked_{0};
  int port_ = 0;
  std::thread thread_;
};

constexpr int port = 16379;
constexpr const char* friendly = "127.9.1.1";
constexpr const char* stranger = "127.9.2.1";

class EdgelbServiceFields : public ::testing::Test {
protected:
  static document over(const std::vector<const echo_server*>& servers) {
    return echo_pool(port, servers);
  }

  static document& frontend(document& pool) { return pool["haproxy"]["frontends"][0]; }
  static document& backend(document& pool) { return pool["haproxy"]["backends"][0]; }

  /// The pool, whose frontend takes clients of these ranges only.
  static document limited(document pool, const std::vector<std::string>& ranges) {
    auto lines = document::array();
    std::string line;
    for (std::size_t index = 0; index < ranges.size(); ++index) {
      line += (line.empty() ? "acl dklb_sources src " : " ") + ranges[index];
      if (index % 50 == 49 || index + 1 == ranges.size())
        lines.push_back(std::exchange(line, ""));
    }
    lines.push_back("tcp-request connection reject if !dklb_sources");
    frontend(pool)["miscStrs"] = lines;
    return pool;
  }

  /// The pool, whose servers are checked at a health page and learn the client's address.
  static document with_all_keys(document pool, const health_page& health) {
    pool = limited(std::move(pool), {"127.0.0.0/8"});
    for (const char* line : {"timeout client 5m", "maxconn 500"})
      frontend(pool)["miscStrs"].push_back(line);
    auto& with = backend(pool);
    with["balance"] = "source";
    with["miscStrs"] = {"hash-type consistent", "timeout connect 3s", "timeout server 5m",
                        "# drain 30s"};
    with["customCheck"] = {{"httpchk", true}, {"httpchkMiscStr", "GET /healthz"}};
    for (auto& service : with["services"]) {
      service["endpoint"]["check"] = {
        {"customStr", "port " + std::to_string(health.port()) + " inter 200ms rise 1 fall 1"}};
      service["endpoint"]["miscStr"] = "send-proxy";
    }
    return pool;
  }

  std::string address() { return edgelb_.private_address("web"); }

  /// Who answers new connections of twenty clients.
  std::set<std::string> names() {
    std::set<std::string> found;
    for (int client = 1; client <= 20; ++client)
      found.insert(greeting(address(), port, "127.9.3." + std::to_string(client)));
    return found;
  }

  running_edgelb edgelb_;
  echo_server one_{"one"};
  echo_server two_{"two"};
  const std::set<std::string> only_one_{"one"};
};

TEST_F(EdgelbServiceFields, OnlyTheRangesOfAFrontendReachIt) {
  auto pool = limited(over({&one_}), {"127.9.1.0/24", "10.0.0.0/8", "fd00::/8"});
  add_frontend(pool, "open", 16380, one_.port());
  edgelb_.create(pool);
  EXPECT_EQ(greeting(address(), port, friendly), "one");
  EXPECT_EQ(greeting(address(), port, stranger), "");
  EXPECT_EQ(greeting(address(), 16380, stranger), "one") << "each port has its own ranges";
}

TEST_F(EdgelbServiceFields, AThousandRangesAreTaken) {
  std::vector<std::string> ranges;
  for (int number = 0; number < 999; ++number)
    ranges.push_back("10." + std::to_string(number / 250) + "." + std::to_string(number % 250)
                     + ".0/24");
  ranges.emplace_back("127.9.1.0/24");
  edgelb_.create(limited(over({&one_}), ranges));
  EXPECT_EQ(greeting(address(), port, friendly), "one");
  EXPECT_EQ(greeting(address(), port, stranger), "");
}

TEST_F(EdgelbServiceFields, ChangeOfRangesChecksOrTimeoutsCutsNoConnection) {
  const health_page health;
  edgelb_.create(limited(over({&one_}), {"127.0.0.0/8"}));
  const connection lasting(address(), port, friendly);
  ASSERT_EQ(lasting.read_line(), "one");
  const auto goes_on = [&](const char* after) {
    EXPECT_TRUE(lasting.send("still here\n")) << after;
    EXPECT_EQ(lasting.read_line(), "still here") << after;
  };
  edgelb_.put(limited(over({&one_}), {"127.9.1.0/24"}));
  EXPECT_EQ(greeting(address(), port, stranger), "");
  goes_on("a change of ranges");
  auto checked = with_all_keys(over({&one_}), health);
  edgelb_.put(checked);
  goes_on("a change of checks and time-outs");
  frontend(checked)["miscStrs"].erase(frontend(checked)["miscStrs"].size() - 1); // maxconn
  backend(checked)["miscStrs"][2] = "timeout server 1h";
  edgelb_.put(checked);
  goes_on("a change of time-outs");
}

TEST_F(EdgelbServiceFields, ServersThatJoinAndLeaveWithAllKeysReloadNothing) {
  const health_page health;
  edgelb_.create(with_all_keys(over({&one_}), health));
  const auto before = edgelb_.haproxies();
  EXPECT_EQ(names(), only_one_);
  edgelb_.put(with_all_keys(over({&one_, &two_}), health));
  EXPECT_EQ(names(), (std::set<std::string>{"one", "two"}));
  EXPECT_EQ(edgelb_.haproxies(), before);
  // The server that was added learns the client's address as the other one does.
  std::set<std::string> told;
  for (int client = 1; client <= 20; ++client) {
    const auto source = "127.9.3." + std::to_string(client);
    const connection one(address(), port, source);
    const auto name = one.read_line();
    if (one.read_line().starts_with("PROXY TCP4 " + source + " "))
      told.insert(name);
  }
  EXPECT_EQ(told, (std::set<std::string>{"one", "two"}));
  // And it is checked as the other one is.
  const int asked = health.asked();
  EXPECT_TRUE(eventually([&] { return health.asked() >= asked + 4; }));
  edgelb_.put(with_all_keys(over({&one_}), health));
  EXPECT_EQ(names(), only_one_);
  EXPECT_EQ(edgelb_.haproxies(), before);
}

TEST_F(EdgelbServiceFields, ServerWhoseHealthPageSaysNoTakesNoNewConnectionAndKeepsTheOpenOnes) {
  health_page health;
  auto pool = over({&one_, &two_});
  auto& services = backend(pool)["services"];
  backend(pool)["customCheck"] = {{"httpchk", true}, {"httpchkMiscStr", "GET /healthz"}};
  services[0]["endpoint"]["check"] = {
    {"customStr", "port " + std::to_string(health.port()) + " inter 100ms rise 1 fall 1"}};
  services[1]["endpoint"]["check"] = {{"enabled", false}};
  edgelb_.create(pool);
  std::vector<std::unique_ptr<connection>> lasting;
  std::string name;
  while (name != "one") {
    lasting.push_back(std::make_unique<connection>(address(), port));
    name = lasting.back()->read_line();
    ASSERT_NE(name, "");
  }
  health.answer(503);
  EXPECT_TRUE(eventually([&] { return names() == std::set<std::string>{"two"}; }));
  EXPECT_TRUE(lasting.back()->send("still here\n"));
  EXPECT_EQ(lasting.back()->read_line(), "still here");
  health.answer(200);
  EXPECT_TRUE(eventually([&] { return names().count("one") == 1; }));
}

TEST_F(EdgelbServiceFields, EveryConnectionOverTheLimitWaits) {
  auto pool = over({&one_});
  frontend(pool)["miscStrs"] = {"maxconn 2"};
  edgelb_.create(pool);
  auto first = std::make_unique<connection>(address(), port);
  const connection second(address(), port);
  ASSERT_EQ(first->read_line(), "one");
  ASSERT_EQ(second.read_line(), "one");
  std::atomic<bool> served{false};
  std::thread third([&] { served = greeting(address(), port) == "one"; });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_FALSE(served);
  first.reset();
  third.join();
  EXPECT_TRUE(served);
}

TEST_F(EdgelbServiceFields, IdleConnectionsEndAfterTheirTimeout) {
  auto pool = over({&one_});
  frontend(pool)["miscStrs"] = {"timeout client 300ms"};
  backend(pool)["miscStrs"] = {"timeout server 300ms"};
  edgelb_.create(pool);
  const connection idle(address(), port);
  ASSERT_EQ(idle.read_line(), "one");
  EXPECT_TRUE(idle.ends());
}

} // namespace
} // namespace dklb::edgelb
