#include "http/server/server.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/raw_server.hpp"
#include "tests/http/support/tcp_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

namespace dklb::tests {
namespace {

using http::server::incoming;
using http::server::listener;
using http::server::outgoing;
using testing::HasSubstr;

outgoing echo(const incoming& request) {
  outgoing answer;
  answer.body = nlohmann::json{{"method", request.method},
                               {"path", request.path},
                               {"kind", request.query("kind")},
                               {"verbose", request.has_query("verbose")},
                               {"body", request.body}}
                  .dump();
  return answer;
}

std::unique_ptr<listener> opened(const std::string& address, http::server::handler handle,
                                 http::server::listener_options options = {}) {
  auto result = listener::open(address, std::move(handle), options);
  if (!result) {
    throw std::runtime_error(result.failure().message);
  }
  return std::move(*result);
}

class Listener : public testing::Test {
protected:
  std::unique_ptr<listener> server = opened("127.0.0.1:0", echo);
  httplib::Client client{"127.0.0.1", server->port()};
};

TEST_F(Listener, HandsOverPathAndQuery) {
  const auto answer = client.Get("/pools/a%20b?kind=pool&verbose");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->get_header_value("Content-Type"), "application/json");
  const auto body = nlohmann::json::parse(answer->body);
  EXPECT_EQ(body["path"], "/pools/a b");
  EXPECT_EQ(body["kind"], "pool");
  EXPECT_EQ(body["verbose"], true);
}

TEST_F(Listener, AnswersHeadWithoutBody) {
  const auto answer = client.Head("/");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "");
}

TEST_F(Listener, RefusesEveryOtherMethodWithAllow) {
  for (const char* const method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}) {
    SCOPED_TRACE(method);
    httplib::Request request;
    request.method = method;
    request.path = "/";
    request.body = "{}";
    const auto answer = client.send(request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 405);
    EXPECT_EQ(answer->get_header_value("Allow"), "GET, HEAD");
    EXPECT_THAT(nlohmann::json::parse(answer->body)["error"].get<std::string>(), HasSubstr(method));
  }
}

TEST_F(Listener, KeepsConnectionsAlive) {
  client.set_keep_alive(true);
  for (int count = 0; count < 3; ++count) {
    const auto answer = client.Get("/");
    ASSERT_TRUE(answer);
    EXPECT_NE(answer->get_header_value("Connection"), "close");
  }
}

TEST_F(Listener, StopIsIdempotentAndFreesThePort) {
  const int port = server->port();
  server->stop();
  server->stop();
  EXPECT_FALSE(client.Get("/"));
  const auto again = opened("127.0.0.1:" + std::to_string(port), echo);
  EXPECT_EQ(again->port(), port);
}

TEST_F(Listener, PortInUseIsNamed) {
  const std::string address = "127.0.0.1:" + std::to_string(server->port());
  const auto second = listener::open(address, echo);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.failure().message, "cannot listen on " + address + ": Address already in use");
}

TEST(ListenerAddress, UnusableOnesAreNamedWithTheCause) {
  struct sample {
    std::string address;
    std::string cause;
  };
  for (const sample& each : std::vector<sample>{{"192.0.2.7:0", "Cannot assign requested address"},
                                                {"127.0.0.1", "expected ADDRESS:PORT"},
                                                {"127.0.0.1:http", "expected ADDRESS:PORT"},
                                                {"127.0.0.1:70000", "expected ADDRESS:PORT"},
                                                {"127.0.0.1:-1", "expected ADDRESS:PORT"},
                                                {"::1:8080", "expected ADDRESS:PORT"},
                                                {"not an address:0", "no such address"}}) {
    SCOPED_TRACE(each.address);
    const auto result = listener::open(each.address, echo);
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.failure().message, HasSubstr("cannot listen on " + each.address));
    EXPECT_THAT(result.failure().message, HasSubstr(each.cause));
  }
}

TEST(ListenerAddress, Ipv6StandsInBrackets) {
  auto server = listener::open("[::1]:0", echo);
  if (!server && server.failure().message.find("assign") != std::string::npos) {
    // A machine without IPv6 must say so instead of crashing; there is nothing else to see.
    SUCCEED();
    return;
  }
  ASSERT_TRUE(server.has_value()) << server.failure().message;
  httplib::Client client("::1", (*server)->port());
  const auto answer = client.Get("/");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
}

TEST(ListenerHandler, ExceptionBecomesA500WithoutDetails) {
  const auto server =
    opened("127.0.0.1:0", [](const incoming&) -> outgoing { throw std::runtime_error("secret"); });
  httplib::Client client("127.0.0.1", server->port());
  const auto answer = client.Get("/");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500);
  EXPECT_TRUE(nlohmann::json::parse(answer->body).contains("error"));
  EXPECT_THAT(answer->body, testing::Not(HasSubstr("secret")));
}

TEST(ListenerHandler, PostIsServedWhereAllowedUpToTheLimit) {
  http::server::listener_options options;
  options.allow_post = true;
  options.max_body_bytes = 10;
  const auto server = opened("127.0.0.1:0", echo, options);
  httplib::Client client("127.0.0.1", server->port());
  const auto small = client.Post("/validate", "{}", "application/json");
  ASSERT_TRUE(small);
  EXPECT_EQ(nlohmann::json::parse(small->body)["body"], "{}");
  const auto large = client.Post("/validate", std::string(11, 'x'), "application/json");
  ASSERT_TRUE(large);
  EXPECT_EQ(large->status, 413);
  EXPECT_TRUE(nlohmann::json::parse(large->body).contains("error"));
  EXPECT_EQ(client.Put("/validate", "{}", "application/json")->get_header_value("Allow"),
            "GET, HEAD, POST");
}

TEST(ListenerHandler, HeadersReachItAsTheyCame) {
  const auto server = opened("127.0.0.1:0", [](const incoming& request) {
    return outgoing{200, "text/plain", request.path + " " + request.host};
  });
  const tcp_client client(server->port());
  EXPECT_TRUE(client.send("GET /a%20b HTTP/1.1\r\nX-Before: 100%\r\nHost: a%2eb%%\r\n\r\n"));
  EXPECT_THAT(client.read_until("%%"), testing::EndsWith("/a b a%2eb%%"));
}

TEST(ListenerHandler, SlowHandlersDoNotHoldUpOthers) {
  gate entered;
  gate go_on;
  const auto server = opened("127.0.0.1:0", [&](const incoming& request) {
    if (request.path == "/slow") {
      entered.open();
      go_on.wait();
    }
    return echo(request);
  });
  std::thread slow([&] {
    httplib::Client client("127.0.0.1", server->port());
    EXPECT_TRUE(client.Get("/slow"));
  });
  EXPECT_TRUE(entered.wait());
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_TRUE(client.Get("/fast"));
  go_on.open();
  slow.join();
}

} // namespace
} // namespace dklb::tests
