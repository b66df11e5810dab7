// Responses that are read as they come, timers, and the end of the engine.
#include "http/engine/engine.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/raw_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace dklb::tests {
namespace {

using domain::error_code;
using namespace std::chrono_literals;

constexpr std::string_view chunked_head =
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string size;
  for (auto left = text.size(); left != 0; left /= 16) {
    size.insert(size.begin(), digits[left % 16]);
  }
  return size + "\r\n" + text + "\r\n";
}

/// Notes what a stream tells; kept alive by the handlers.
struct reader : std::enable_shared_from_this<reader> {
  http::stream_handler handler() {
    const auto self = shared_from_this();
    return {[self](int code, const http::header_list&) {
              self->status = code;
              self->opened.open();
            },
            [self](std::string_view piece) {
              const std::lock_guard lock(self->mutex);
              self->text += piece;
              if (self->on_data) {
                self->on_data();
              }
            },
            [self](domain::result<domain::unit> outcome) {
              ++self->closes;
              self->end.callback()(std::move(outcome));
            }};
  }
  std::string so_far() {
    const std::lock_guard lock(mutex);
    return text;
  }

  std::atomic<int> status{0};
  gate opened;
  std::mutex mutex;
  std::string text;
  std::function<void()> on_data;
  std::atomic<int> closes{0};
  awaited<domain::result<domain::unit>> end;
};

class EngineStream : public testing::Test {
protected:
  http::handle_id open(const raw_server& server, std::chrono::milliseconds idle = 20s) {
    return engine.open_stream(plain_endpoint(server.url()), get_request("/watch"), seen->handler(),
                              idle);
  }

  std::shared_ptr<reader> seen = std::make_shared<reader>();
  http::engine engine;
};

TEST_F(EngineStream, ChunksAreToldAsTheyCome) {
  gate told_first;
  raw_server server([&](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(std::string(chunked_head) + chunk("first"));
    told_first.wait();
    connection.write(chunk(" second") + "0\r\n\r\n");
    connection.wait_for_end();
  });
  open(server);
  EXPECT_TRUE(eventually([&] { return seen->so_far() == "first"; }));
  EXPECT_EQ(seen->status, 200);
  told_first.open();
  EXPECT_TRUE(seen->end.get().has_value());
  EXPECT_EQ(seen->so_far(), "first second");
  EXPECT_EQ(seen->closes, 1);
}

TEST_F(EngineStream, CutStreamSaysWhy) {
  raw_server server([](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(std::string(chunked_head) + chunk("first"));
    connection.close();
  });
  open(server);
  const auto end = seen->end.get();
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.failure().code, error_code::unavailable) << end.failure().message;
  EXPECT_EQ(seen->so_far(), "first");
}

TEST_F(EngineStream, RefusedStreamTellsItsStatusAndBody) {
  raw_server server([](raw_connection& connection) {
    (void)connection.read_request();
    connection.reply(410, "too old");
    connection.wait_for_end();
  });
  open(server);
  EXPECT_TRUE(seen->end.get().has_value());
  EXPECT_EQ(seen->status, 410);
  EXPECT_EQ(seen->so_far(), "too old");
}

TEST_F(EngineStream, SilentStreamIsClosedAfterTheIdleTimeout) {
  raw_server server([](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(std::string(chunked_head) + chunk("first"));
    connection.wait_for_end();
  });
  open(server, 50ms);
  const auto end = seen->end.get();
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.failure().code, error_code::timeout);
  EXPECT_EQ(seen->so_far(), "first");
}

TEST_F(EngineStream, StreamThatTalksOutlivesTheIdleTimeout) {
  raw_server server([](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(chunked_head);
    for (int count = 0; count < 30; ++count) {
      std::this_thread::sleep_for(10ms);
      connection.write(chunk("x"));
    }
    connection.write("0\r\n\r\n");
    connection.wait_for_end();
  });
  open(server, 200ms);
  const auto end = seen->end.get();
  EXPECT_TRUE(end.has_value());
  EXPECT_EQ(seen->so_far(), std::string(30, 'x'));
}

TEST_F(EngineStream, CancelClosesOnceAndCutsTheConnection) {
  gate cut;
  raw_server server([&](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(std::string(chunked_head) + chunk("first"));
    connection.wait_for_end();
    cut.open();
  });
  const auto stream = open(server);
  EXPECT_TRUE(eventually([&] { return seen->so_far() == "first"; }));
  engine.cancel_stream(stream);
  engine.cancel_stream(stream);
  const auto end = seen->end.get();
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.failure().code, error_code::cancelled);
  EXPECT_TRUE(cut.wait());
  engine.stop(1s);
  EXPECT_EQ(seen->closes, 1);
}

TEST_F(EngineStream, CancelFromItsOwnCallbackTellsNothingMore) {
  raw_server server([](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(std::string(chunked_head) + chunk("a") + chunk("b") + chunk("c"));
    connection.wait_for_end();
  });
  std::atomic<http::handle_id> stream{0};
  seen->on_data = [&] { engine.cancel_stream(stream); };
  engine.post([&] { stream = open(server); });
  const auto end = seen->end.get();
  ASSERT_FALSE(end.has_value());
  EXPECT_EQ(end.failure().code, error_code::cancelled);
  EXPECT_EQ(seen->so_far(), "a");
}

TEST_F(EngineStream, PausedStreamIsNotIdle) {
  raw_server server([&](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(std::string(chunked_head) + chunk("first"));
    connection.wait_for_end();
  });
  std::atomic<http::handle_id> stream{0};
  seen->on_data = [&] { engine.pause_stream(stream); };
  engine.post([&] { stream = open(server, 50ms); });
  EXPECT_TRUE(eventually([&] { return !seen->so_far().empty(); }));
  std::this_thread::sleep_for(150ms);
  EXPECT_EQ(seen->closes, 0);
  engine.resume_stream(stream);
  EXPECT_EQ(seen->end.get().failure().code, error_code::timeout) << "once resumed, it is again";
}

TEST_F(EngineStream, PausedStreamHoldsTheServerBack) {
  std::atomic<std::size_t> written{0};
  constexpr std::size_t pieces = 400;
  raw_server server([&](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(chunked_head);
    for (std::size_t count = 0; count < pieces; ++count) {
      connection.write(chunk(std::string(100000, 'x')));
      ++written;
    }
    connection.write("0\r\n\r\n");
    connection.wait_for_end();
  });
  std::atomic<http::handle_id> stream{0};
  seen->on_data = [&] { engine.pause_stream(stream); };
  engine.post([&] { stream = open(server); });
  EXPECT_TRUE(eventually([&] { return !seen->so_far().empty(); }));
  std::this_thread::sleep_for(100ms);
  EXPECT_LT(written, pieces) << "the server is held back by the connection itself";
  EXPECT_LE(seen->so_far().size(), 16384U) << "not one more chunk after the pause";
  {
    const std::lock_guard lock(seen->mutex);
    seen->on_data = nullptr;
  }
  engine.resume_stream(stream);
  EXPECT_TRUE(seen->end.get().has_value());
  EXPECT_EQ(seen->so_far().size(), pieces * 100000);
}

TEST_F(EngineStream, PauseAndResumeAtEveryChunkLosesNothing) {
  constexpr int pieces = 200;
  raw_server server([&](raw_connection& connection) {
    (void)connection.read_request();
    connection.write(chunked_head);
    for (int count = 0; count < pieces; ++count) {
      connection.write(chunk(std::to_string(count) + ","));
    }
    connection.write("0\r\n\r\n");
    connection.wait_for_end();
  });
  std::atomic<http::handle_id> stream{0};
  seen->on_data = [&] {
    engine.pause_stream(stream);
    engine.after(0ms, [&] { engine.resume_stream(stream); });
  };
  engine.post([&] { stream = open(server); });
  EXPECT_TRUE(seen->end.get().has_value());
  std::string expected;
  for (int count = 0; count < pieces; ++count) {
    expected += std::to_string(count) + ",";
  }
  EXPECT_EQ(seen->so_far(), expected);
  engine.stop({}); // before what the last timer refers to is gone
}

TEST_F(EngineStream, StreamsDoNotUseUpATargetsSlots) {
  raw_server server([](raw_connection& connection) {
    const auto request = connection.read_request();
    if (request && request->rfind("GET /watch", 0) == 0) {
      connection.write(std::string(chunked_head) + chunk("first"));
      connection.wait_for_end();
    } else {
      connection.reply(200, "ok");
      connection.wait_for_end();
    }
  });
  http::target_settings narrow;
  narrow.limits.max_in_flight = 1;
  const auto target = engine.add_target(narrow);
  open(server);
  EXPECT_TRUE(seen->opened.wait());
  EXPECT_TRUE(
    send_and_wait(engine, target, plain_endpoint(server.url()), get_request("/")).has_value());
}

TEST_F(EngineStream, WhatItBringsIsToldWhileManyRequestsAreInFlight) {
  constexpr std::size_t requests = 20;
  std::atomic<std::size_t> arrived{0};
  gate news;
  gate answers_go;
  const raw_server server([&](raw_connection& connection) {
    const auto request = connection.read_request();
    if (request && request->rfind("GET /watch", 0) == 0) {
      connection.write(chunked_head);
      news.wait();
      connection.write(chunk("news"));
      connection.wait_for_end();
    } else {
      ++arrived;
      answers_go.wait();
      connection.reply(200, "ok");
    }
  });
  const auto target = engine.add_target({"busy", {requests, 0, 0}});
  open(server);
  EXPECT_TRUE(seen->opened.wait());
  std::vector<awaited<http::response_result>> answers(requests);
  for (auto& answer : answers)
    engine.send(target, plain_endpoint(server.url()), get_request("/"), answer.callback());
  EXPECT_TRUE(eventually([&] { return arrived == requests; }));
  news.open();
  EXPECT_TRUE(eventually([&] { return seen->so_far() == "news"; }));
  answers_go.open();
  for (auto& answer : answers)
    EXPECT_TRUE(answer.get().has_value());
  engine.stop({});
}

TEST_F(EngineStream, ALongBacklogHoldsUpNoRequest) {
  const std::string line(4096, 'x');
  constexpr std::size_t lines = 500;
  const std::size_t all = lines * line.size();
  const raw_server server([&](raw_connection& connection) {
    while (const auto request = connection.read_request()) {
      if (request->rfind("GET /watch", 0) != 0) {
        connection.reply(200, "ok");
        continue;
      }
      connection.write(chunked_head);
      for (std::size_t i = 0; i < lines; ++i)
        connection.write(chunk(line));
      connection.wait_for_end();
      return;
    }
  });
  const auto target = engine.add_target({"beside", {1, 0, 0}});
  awaited<std::size_t> told_before;
  bool asked = false;
  // Reading is slow, so that all of the backlog has come long before it is told.
  seen->on_data = [&] {
    std::this_thread::sleep_for(1ms);
    if (std::exchange(asked, true))
      return;
    engine.send(target, plain_endpoint(server.url()), get_request("/"),
                [&, done = told_before.callback()](const http::response_result& answer) {
                  EXPECT_TRUE(answer.has_value());
                  done(seen->so_far().size());
                });
  };
  open(server);
  EXPECT_LT(told_before.get(), all / 2);
  EXPECT_TRUE(eventually([&] { return seen->so_far().size() == all; }));
  engine.stop({});
}

TEST(EngineTimer, RunsInOrderOfTimeOnTheEnginesThread) {
  http::engine engine;
  std::mutex mutex;
  std::vector<int> order;
  awaited<std::thread::id> last;
  awaited<std::thread::id> posted;
  engine.after(30ms, [done = last.callback()] { done(std::this_thread::get_id()); });
  for (const int delay : {20, 5, 10}) {
    engine.after(std::chrono::milliseconds(delay), [&, delay] {
      const std::lock_guard lock(mutex);
      order.push_back(delay);
    });
  }
  engine.post([done = posted.callback()] { done(std::this_thread::get_id()); });
  EXPECT_EQ(posted.get(), last.get());
  const std::lock_guard lock(mutex);
  EXPECT_EQ(order, (std::vector<int>{5, 10, 20}));
}

TEST(EngineTimer, CancelledTimerNeverRuns) {
  http::engine engine;
  std::atomic<int> runs{0};
  awaited<int> end;
  const auto first = engine.after(10ms, [&] { ++runs; });
  engine.cancel_timer(first);
  engine.cancel_timer(first);
  engine.cancel_timer(12345);
  engine.post([&, done = end.callback()] {
    const auto second = engine.after(0ms, [&] { ++runs; });
    engine.cancel_timer(second);
    engine.after(30ms, [done] { done(0); });
  });
  end.get();
  EXPECT_EQ(runs, 0);
}

TEST(EngineStop, FinishesWhatIsInFlightAndCancelsTheRest) {
  gate arrived;
  gate go_on;
  raw_server server([&](raw_connection& connection) {
    while (const auto request = connection.read_request()) {
      if (request->rfind("GET /watch", 0) == 0) {
        connection.wait_for_end();
        return;
      }
      arrived.open();
      go_on.wait();
      connection.reply(200, "done");
    }
  });
  http::engine engine;
  http::target_settings narrow;
  narrow.limits.max_in_flight = 1;
  const auto target = engine.add_target(narrow);
  const auto where = plain_endpoint(server.url());
  awaited<http::response_result> in_flight;
  awaited<http::response_result> waiting;
  awaited<domain::result<domain::unit>> stream;
  engine.open_stream(where, get_request("/watch"), {{}, {}, stream.callback()}, 20s);
  engine.send(target, where, get_request("/"), in_flight.callback());
  EXPECT_TRUE(arrived.wait());
  engine.send(target, where, get_request("/"), waiting.callback());
  std::thread stopper([&] { engine.stop(20s); });
  EXPECT_EQ(waiting.get().failure().code, error_code::cancelled);
  EXPECT_EQ(stream.get().failure().code, error_code::cancelled);
  EXPECT_FALSE(in_flight.ready());
  go_on.open();
  EXPECT_TRUE(in_flight.get().has_value());
  stopper.join();
  awaited<http::response_result> late;
  engine.send(target, where, get_request("/"), late.callback());
  EXPECT_EQ(late.get().failure().code, error_code::cancelled);
  awaited<domain::result<domain::unit>> late_stream;
  engine.open_stream(where, get_request("/watch"), {{}, {}, late_stream.callback()}, 20s);
  EXPECT_EQ(late_stream.get().failure().code, error_code::cancelled);
  engine.stop(20s);
  EXPECT_EQ(engine.statistics(target).waiting, 0U);
}

TEST(EngineStop, GraceIsNotExceeded) {
  raw_server server([](raw_connection& connection) { connection.wait_for_end(); });
  http::engine engine;
  const auto target = engine.add_target({});
  awaited<http::response_result> answer;
  engine.send(target, plain_endpoint(server.url()), get_request("/"), answer.callback());
  EXPECT_TRUE(eventually([&] { return engine.statistics(target).in_flight == 1; }));
  engine.stop(20ms);
  EXPECT_EQ(answer.get().failure().code, error_code::cancelled);
}

TEST(EngineStop, FromACallbackOnlyBeginsTheEnd) {
  http::engine engine;
  awaited<int> end;
  engine.post([&, done = end.callback()] {
    engine.stop(20s);
    done(0);
  });
  end.get();
  engine.stop(20s);
}

TEST(EngineStop, EngineMayBeDestroyedByItsOwnCallback) {
  auto engine = std::make_shared<http::engine>();
  awaited<int> end;
  auto* const raw = engine.get();
  raw->post([held = std::move(engine), done = end.callback()]() mutable {
    held.reset();
    done(0);
  });
  end.get();
}

} // namespace
} // namespace dklb::tests
