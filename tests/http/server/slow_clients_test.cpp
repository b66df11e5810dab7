// Clients that take their time, deliberately or not.
#include "http/server/server.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/tcp_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace dklb::tests {
namespace {

using http::server::incoming;
using http::server::listener;
using http::server::listener_options;
using http::server::outgoing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::HasSubstr;

class SlowClients : public testing::Test {
protected:
  SlowClients() {
    // Only what a test shortens counts.
    options.connections = 4;
    options.request = options.answer = options.idle = minutes{5};
  }
  void open() {
    auto opened = listener::open(
      "127.0.0.1:0", [this](const incoming& request) { return serve(request); }, options);
    ASSERT_TRUE(opened) << opened.failure().message;
    server = std::move(*opened);
  }
  outgoing serve(const incoming& request) {
    if (request.path == "/wait") {
      ++waiting;
      EXPECT_TRUE(go_on.wait());
    }
    return {200, "text/plain", request.path == "/large" ? std::string(32U << 20U, 'x') : "fine"};
  }
  std::unique_ptr<tcp_client> client() const {
    return std::make_unique<tcp_client>(server->port());
  }

  listener_options options;
  gate go_on;
  std::atomic<int> waiting{0};
  std::unique_ptr<listener> server;
};

TEST_F(SlowClients, WhoTricklesOnlyAByteNowAndThenHoldsUpNoHealthCheck) {
  open();
  std::vector<std::unique_ptr<tcp_client>> slow;
  for (int count = 0; count < 200; ++count) {
    slow.push_back(client());
    slow.back()->send("GET /liv");
  }
  const auto begin = std::chrono::steady_clock::now();
  for (int count = 0; count < 10; ++count) {
    for (const auto& each : slow)
      each->send("e");
    EXPECT_THAT(client()->get("/livez"), HasSubstr("fine"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
}

TEST_F(SlowClients, ARequestIsCutAtItsDeadlineHoweverSteadilyItComes) {
  options.request = milliseconds{300};
  open();
  for (const bool kept : {false, true}) {
    SCOPED_TRACE(kept);
    const auto slow = client();
    if (kept) {
      EXPECT_THAT(slow->get("/"), HasSubstr("fine"));
    }
    slow->send("GET /");
    EXPECT_TRUE(eventually([&] {
      slow->send("x");
      return slow->ends_within(milliseconds{5});
    }));
  }
}

TEST_F(SlowClients, SilentAndIdleConnectionsAreClosed) {
  options.request = milliseconds{200};
  options.idle = milliseconds{200};
  open();
  const auto silent = client();
  const auto idle = client();
  EXPECT_THAT(idle->get("/"), HasSubstr("fine"));
  EXPECT_TRUE(silent->ends_within(milliseconds{5000}));
  EXPECT_TRUE(idle->ends_within(milliseconds{5000}));
}

TEST_F(SlowClients, WhoDoesNotReadItsAnswerIsCut) {
  options.answer = milliseconds{200};
  open();
  const auto lazy = client();
  lazy->send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  // Its answer does not fit into the sockets, and it reads nothing meanwhile.
  EXPECT_TRUE(eventually([&] { return !lazy->send("x"); }));
}

TEST_F(SlowClients, WhoDoesNotReadItsAnswerGivesWay) {
  options.connections = 1;
  open();
  const auto lazy = client();
  lazy->send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client()->get("/livez"), HasSubstr("fine"));
}

// Which of the idle ones is the longest idle is for connection_table_test: a connection counts as
// idle only when its thread waits again, which a busy machine delays past the client's next step.
TEST_F(SlowClients, OneThatIsIdleGivesWayAndOneWithHalfARequestDoesNot) {
  open();
  const auto half = client();
  half->send("GET /half HTTP/1.1\r\n");
  std::vector<std::unique_ptr<tcp_client>> idle;
  for (int count = 0; count < 3; ++count) {
    idle.push_back(client());
    EXPECT_THAT(idle.back()->get("/"), HasSubstr("fine"));
  }
  const auto fresh = client();
  EXPECT_THAT(fresh->get("/"), HasSubstr("fine"));
  const auto over = [](const auto& each) { return each->ends_within(milliseconds{1}); };
  auto gone = idle.end();
  ASSERT_TRUE(eventually([&] {
    gone = std::find_if(idle.begin(), idle.end(), over);
    return gone != idle.end();
  }));
  idle.erase(gone);
  for (const auto& each : idle)
    EXPECT_THAT(each->get("/"), HasSubstr("fine"));
  half->send("Host: a\r\n\r\n");
  EXPECT_THAT(half->read_until("fine"), HasSubstr("fine"));
}

TEST_F(SlowClients, WhatIsBeingAnsweredIsNeverCutAndTheNextIsServedOnceItIsOver) {
  open();
  std::vector<std::unique_ptr<tcp_client>> busy;
  for (int count = 0; count < 4; ++count) {
    busy.push_back(client());
    busy.back()->send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  EXPECT_TRUE(eventually([&] { return waiting == 4; }));
  const auto next = client();
  next->send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  go_on.open();
  for (const auto& each : busy)
    EXPECT_THAT(each->read_until("fine"), HasSubstr("fine"));
  // Those four would be kept for minutes.
  EXPECT_THAT(next->read_until("fine"), HasSubstr("fine"));
}

TEST_F(SlowClients, StopDoesNotWaitForThem) {
  open();
  const auto silent = client();
  const auto half = client();
  half->send("GET /half HTTP/1.1\r\n");
  const auto idle = client();
  EXPECT_THAT(idle->get("/"), HasSubstr("fine"));
  const auto begin = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
  for (const auto* each : {silent.get(), half.get(), idle.get()})
    EXPECT_TRUE(each->ends_within(milliseconds{1000}));
}

TEST_F(SlowClients, AHeadWithoutEndIsRefusedSoonerThanItFillsTheMemory) {
  open();
  for (const std::string begin : {"GET /", "GET / HTTP/1.1\r\nX: "}) {
    SCOPED_TRACE(begin);
    const auto wild = client();
    wild->send(begin);
    std::size_t sent = 0;
    const std::string piece =
      begin.ends_with("/") ? std::string(4096, 'x') : std::string(4000, 'x') + "\r\nX: ";
    while (sent < (64U << 20U) && wild->send(piece))
      sent += piece.size();
    EXPECT_LT(sent, 64U << 20U);
  }
  EXPECT_THAT(client()->get("/"), HasSubstr("fine"));
}

} // namespace
} // namespace dklb::tests
