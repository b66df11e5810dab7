// Responses without an end.
#include "http/server/server.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/tcp_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace dklb::tests {
namespace {

using http::server::event_sink;
using http::server::incoming;
using http::server::listener;
using http::server::listener_options;
using http::server::outgoing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

class EventStream : public testing::Test {
protected:
  EventStream() {
    options.connections = 4;
    options.request = options.answer = options.idle = options.event = minutes{5};
  }
  void open() {
    auto opened = listener::open(
      "127.0.0.1:0", [this](const incoming& request) { return answer(request); }, options);
    ASSERT_TRUE(opened) << opened.failure().message;
    server = std::move(*opened);
  }
  outgoing answer(const incoming& request) {
    outgoing out{200, "text/plain", "fine"};
    if (request.path == "/page")
      return out;
    out.content_type = "text/event-stream";
    out.headers = {{"X-Last", request.last_event_id}};
    out.events = [this, path = request.path](event_sink& client) { run(path, client); };
    return out;
  }
  void run(const std::string& path, event_sink& client) {
    ++running;
    if (path == "/broken") {
      --running;
      throw std::runtime_error("broken");
    }
    const std::string piece = path == "/large" ? std::string(8U << 20U, 'x') : "data: event\n\n";
    bool sent = client.send(piece);
    while (sent && client.is_open()) {
      std::this_thread::sleep_for(milliseconds{1});
      if (path != "/quiet")
        sent = client.send(piece);
    }
    --running;
  }
  std::unique_ptr<tcp_client> follow(const std::string& path) const {
    auto client = std::make_unique<tcp_client>(server->port());
    client->send("GET " + path + " HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 7-3\r\n\r\n");
    return client;
  }
  bool over() const {
    return eventually([this] { return running == 0; });
  }

  listener_options options;
  std::atomic<int> running{0};
  std::unique_ptr<listener> server;
};

TEST_F(EventStream, EachEventGoesOutAtOnce) {
  open();
  const auto client = follow("/quiet");
  const auto begin = client->read_until("event\n\n");
  EXPECT_THAT(begin, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(begin, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(begin, HasSubstr("X-Last: 7-3"));
  EXPECT_THAT(begin, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(begin, HasSubstr("data: event\n\n"));
}

TEST_F(EventStream, EndsSoonAfterItsClientHasGone) {
  open();
  for (const auto* path : {"/quiet", "/events"}) {
    auto client = follow(path);
    client->read_until("event\n\n");
    client.reset();
    EXPECT_TRUE(over()) << path;
  }
}

TEST_F(EventStream, AClientThatDoesNotReadIsCut) {
  options.event = milliseconds{200};
  open();
  const auto client = follow("/large");
  ASSERT_TRUE(eventually([this] { return running == 1; }));
  EXPECT_TRUE(over());
}

TEST_F(EventStream, AClientThatReadsSlowlyButSteadilyIsNot) {
  options.event = milliseconds{500};
  open();
  const auto client = follow("/large");
  // Longer than the time of one piece in all.
  for (int count = 0; count < 100; ++count) {
    EXPECT_THAT(client->read_until("x"), HasSubstr("x"));
    std::this_thread::sleep_for(milliseconds{10});
  }
  EXPECT_EQ(running, 1);
}

TEST_F(EventStream, LeavesTheOtherThreadsToOthers) {
  open();
  std::vector<std::unique_ptr<tcp_client>> followers;
  for (int count = 0; count < 3; ++count) {
    followers.push_back(follow("/quiet"));
    followers.back()->read_until("event\n\n");
  }
  for (int count = 0; count < 20; ++count)
    EXPECT_THAT(tcp_client{server->port()}.get("/page"), HasSubstr("fine"));
  EXPECT_EQ(running, 3);
}

TEST_F(EventStream, HeadRunsNone) {
  open();
  const tcp_client client{server->port()};
  client.send("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("text/event-stream"));
  EXPECT_EQ(running, 0);
}

TEST_F(EventStream, AFailureEndsThatStreamAlone) {
  open();
  EXPECT_TRUE(follow("/broken")->ends_within(milliseconds{5000}));
  EXPECT_THAT(tcp_client{server->port()}.get("/page"), HasSubstr("fine"));
}

TEST_F(EventStream, TheEndOfTheListenerEndsItAtOnce) {
  open();
  const auto quiet = follow("/quiet");
  const auto busy = follow("/events");
  quiet->read_until("event\n\n");
  busy->read_until("event\n\n");
  const auto begin = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
  EXPECT_EQ(running, 0);
}

} // namespace
} // namespace dklb::tests
