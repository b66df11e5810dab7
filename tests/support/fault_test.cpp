#include "tests/support/edgelb_imposter.hpp"
#include "tests/support/raw_client.hpp"

#include <gtest/gtest.h>

#include <system_error>

namespace dklb::support {
namespace {

using namespace std::chrono_literals;

class Fault : public ::testing::Test {
protected:
  raw_answer create(const std::string& name) {
    return call(server_.port(), "POST", "/v2/pools", R"({"name": ")" + name + "\"}");
  }

  edgelb_imposter server_;
};

struct fault_case {
  const char* name;
  fault_kind kind;
  int status;
  bool complete;
  bool done; ///< the write happened
};

class FaultKind : public Fault, public ::testing::WithParamInterface<fault_case> {};

TEST_P(FaultKind, DoesWhatItSays) {
  const auto& [name, kind, status, complete, done] = GetParam();
  server_.inject({.kind = kind, .times = 1, .code = 502});
  const auto answer = create("app");
  EXPECT_EQ(answer.status, status);
  EXPECT_EQ(answer.complete, complete);
  EXPECT_EQ(server_.pool("app").has_value(), done);
  EXPECT_EQ(create("other").status, 200) << "hits once only";
}

INSTANTIATE_TEST_SUITE_P(
  All, FaultKind,
  ::testing::Values(fault_case{"status", fault_kind::status, 502, true, false},
                    fault_case{"html", fault_kind::html, 502, true, false},
                    fault_case{"malformed", fault_kind::malformed, 200, true, false},
                    fault_case{"cut_before", fault_kind::cut_before, 0, false, false},
                    fault_case{"cut_after", fault_kind::cut_after, 0, false, true},
                    fault_case{"half_body", fault_kind::half_body, 200, false, true},
                    fault_case{"delay_only", fault_kind::delay_only, 200, true, true}),
  [](const auto& entry) { return entry.param.name; });

TEST_F(Fault, HtmlLooksLikeAProxy) {
  server_.inject({.kind = fault_kind::html, .code = 502});
  const auto answer = create("app");
  EXPECT_EQ(answer.content_type, "text/html");
  EXPECT_TRUE(answer.json().is_discarded());
}

TEST_F(Fault, CarriesRetryAfterAndItsText) {
  server_.inject({.code = 429, .text = "later", .retry_after = 7s});
  const auto answer = create("app");
  EXPECT_EQ(answer.retry_after, "7");
  EXPECT_EQ(answer.json()["message"], "later");
}

TEST_F(Fault, MatchesMethodAndPath) {
  server_.inject({.method = "POST", .path = "/v2/*"});
  EXPECT_EQ(create("app").status, 503);
  EXPECT_EQ(call(server_.port(), "GET", "/v2/pools").status, 200);
  EXPECT_EQ(call(server_.port(), "POST", "/ping").status, 200);
}

TEST_F(Fault, NewestWinsAndIsRemovedById) {
  server_.inject({.code = 500});
  const auto second = server_.inject({.code = 503});
  EXPECT_EQ(create("app").status, 503);
  server_.remove_fault(second);
  EXPECT_EQ(create("app").status, 500);
  server_.clear_faults();
  EXPECT_EQ(create("app").status, 200);
}

TEST_F(Fault, DelayedWriteHappensAfterItsClientHasGone) {
  server_.inject({.kind = fault_kind::delay_only, .times = 1, .delay = 30ms});
  {
    raw_client impatient(server_.port());
    impatient.send("POST", "/v2/pools", R"({"name": "app"})");
    EXPECT_TRUE(server_.wait_until([&] { return server_.count("create", "pools") == 1; }));
    EXPECT_FALSE(server_.pool("app").has_value());
  }
  EXPECT_TRUE(server_.wait_until([&] { return server_.pool("app").has_value(); }));
}

TEST_F(Fault, HangDelaysNobodyElseAndCountsAsInFlight) {
  server_.inject({.kind = fault_kind::hang, .path = "/v2/pools/slow", .times = 2});
  raw_client first(server_.port());
  raw_client second(server_.port());
  first.send("GET", "/v2/pools/slow");
  second.send("GET", "/v2/pools/slow");
  EXPECT_TRUE(server_.wait_until([&] { return server_.count("get", "pools") == 2; }));
  EXPECT_EQ(create("app").status, 200);
  EXPECT_EQ(server_.peak_in_flight(), 3U);
}

TEST_F(Fault, AwayMeansRefusedAndBackMeansTheSamePort) {
  const int port = server_.port();
  server_.go_away();
  EXPECT_THROW(raw_client{port}, std::system_error);
  server_.come_back();
  EXPECT_EQ(server_.port(), port);
  EXPECT_EQ(create("app").status, 200);
}

TEST_F(Fault, AuthorizationIsAskedFor) {
  server_.require_authorization("Bearer good");
  EXPECT_EQ(create("app").status, 401);
  const auto answer = call(server_.port(), "POST", "/v2/pools", R"({"name": "app"})",
                           {{"Authorization", "Bearer good"}});
  EXPECT_EQ(answer.status, 200);
}

TEST_F(Fault, LargeBodyAfterExpectIsTaken) {
  raw_client client(server_.port());
  const auto body = R"({"name": "app", "pad": ")" + std::string(300000, 'x') + "\"}";
  EXPECT_EQ(client.call("POST", "/v2/pools", body, {{"Expect", "100-continue"}}).status, 200);
  EXPECT_EQ(client.call("GET", "/v2/pools/app").json()["pad"].get<std::string>().size(), 300000U);
}

} // namespace
} // namespace dklb::support
