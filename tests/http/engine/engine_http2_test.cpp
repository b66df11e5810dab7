// HTTP/2, against a real HAProxy that tells which protocol and connection each request came by.
#include "http/engine/engine.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/keys.hpp"
#include "tests/http/support/raw_server.hpp"
#include "tests/support/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <mutex>
#include <set>

namespace dklb::tests {
namespace {

using namespace std::chrono_literals;

/// An HTTPS front that answers `<HTTP major version> <the client's port>`, but nothing at /held.
class haproxy_front {
public:
  explicit haproxy_front(const certificate& identity) : address_(support::free_listen_address()) {
    configuration_ = write_files(identity);
    start();
  }

  std::string url() const { return "https://" + address_; }
  bool running() { return process_->running(); }
  void start() {
    process_ = std::make_unique<support::child_process>(
      std::vector<std::string>{"/usr/sbin/haproxy", "-db", "-f", configuration_},
      files_.path() + "/log");
  }
  /// As a machine's power cut leaves it: its sockets are closed, nothing is said in HTTP/2.
  void kill() {
    process_->signal(SIGKILL);
    (void)process_->wait(patience);
  }
  int held() const { return silent_.accepted(); }
  std::string log() const { return support::read_file(files_.path() + "/log"); }

private:
  std::string write_files(const certificate& identity) {
    const auto pem = files_.write("server.pem", identity.certificate_pem + identity.key_pem);
    return files_.write("haproxy.cfg",
                        "defaults\n  mode http\n  timeout client 30s\n  timeout server 30s\n"
                        "  timeout connect 30s\n"
                        "frontend f\n  bind "
                          + address_ + " ssl crt " + pem
                          + " alpn h2,http/1.1\n"
                            "  use_backend silent if { path /held }\n"
                            "  http-request return status 200 content-type text/plain "
                            "lf-string \"%[fc_http_major] %[src_port]\" unless { path /held }\n"
                            "backend silent\n  server s 127.0.0.1:"
                          + std::to_string(silent_.port()) + "\n");
  }

  raw_server silent_{each_request([](raw_connection&, const std::string&) {})};
  support::temporary_folder files_;
  std::string address_;
  std::string configuration_;
  std::unique_ptr<support::child_process> process_;
};

class EngineHttp2 : public ::testing::Test {
protected:
  EngineHttp2() {
    http::endpoint settings;
    settings.base_url = front.url();
    settings.ca_data = authority.pem();
    settings.tls_server_name = "front.example";
    where = std::make_shared<const http::endpoint>(settings);
  }
  http::target_id add_target(http::engine& engine) {
    http::target_settings limits;
    limits.limits.max_in_flight = 20;
    return engine.add_target(limits);
  }
  /// Once the front answers.
  bool ready(http::engine& engine, http::target_id target) {
    return eventually([&] {
      return send_and_wait(engine, target, where, get_request("/")).has_value() || !front.running();
    });
  }

  const certificate_authority authority{"the test's own authority"};
  haproxy_front front{authority.issue("server", "DNS:front.example")};
  std::shared_ptr<const http::endpoint> where;
};

TEST_F(EngineHttp2, RequestsShareOneConnectionAndStreamsHaveTheirOwn) {
  http::engine engine;
  const auto target = add_target(engine);
  ASSERT_TRUE(ready(engine, target)) << front.log();

  std::vector<awaited<http::response_result>> answers(60);
  for (auto& answer : answers) {
    engine.send(target, where, get_request("/"), answer.callback());
  }
  std::set<std::string> seen;
  for (auto& each : answers) {
    const auto answer = each.get();
    ASSERT_TRUE(answer.has_value()) << answer.failure().message << front.log();
    seen.insert(answer->body);
  }
  EXPECT_EQ(seen.size(), 1U) << "one connection";
  EXPECT_THAT(*seen.begin(), testing::StartsWith("2 "));

  std::mutex mutex;
  std::string streamed;
  awaited<domain::result<domain::unit>> end;
  engine.open_stream(where, get_request("/"),
                     {{},
                      [&](std::string_view piece) {
                        const std::lock_guard lock(mutex);
                        streamed += piece;
                      },
                      end.callback()},
                     20s);
  EXPECT_TRUE(end.get().has_value());
  EXPECT_THAT(streamed, testing::StartsWith("1 "));

  const auto after = send_and_wait(engine, target, where, get_request("/"));
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->body, *seen.begin()) << "the shared connection is still in use";
}

TEST_F(EngineHttp2, RequestsNeverGoOutOverAStreamThatIsOpen) {
  {
    http::engine probe;
    ASSERT_TRUE(ready(probe, add_target(probe))) << front.log();
  }
  http::engine engine;
  const auto target = add_target(engine);
  // Its connection is the older one.
  awaited<domain::result<domain::unit>> end;
  engine.open_stream(where, get_request("/held"), {{}, [](std::string_view) {}, end.callback()},
                     20s);
  ASSERT_TRUE(eventually([&] { return front.held() == 1; }));
  for (int i = 0; i < 3; ++i) {
    auto what = get_request("/");
    what.timeout = 3s;
    const auto answer = send_and_wait(engine, target, where, std::move(what));
    ASSERT_TRUE(answer.has_value()) << answer.failure().message;
    EXPECT_THAT(answer->body, testing::StartsWith("2 "));
  }
}

TEST_F(EngineHttp2, ConnectionThatDiesFailsAllItsRequestsAtOnceAndTheNextOnesGoOn) {
  http::engine engine;
  const auto target = add_target(engine);

  for (int round = 1; round <= 5; ++round) {
    ASSERT_TRUE(ready(engine, target)) << front.log();
    std::vector<awaited<http::response_result>> answers(5);
    for (auto& answer : answers) {
      auto what = get_request("/held");
      what.method = "POST";
      what.body = "{}";
      engine.send(target, where, std::move(what), answer.callback());
    }
    ASSERT_TRUE(eventually([&] { return front.held() == 5 * round; }));
    const auto begin = std::chrono::steady_clock::now();
    front.kill();
    for (auto& each : answers) {
      EXPECT_FALSE(each.get().has_value());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
    front.start();
  }
}

} // namespace
} // namespace dklb::tests
