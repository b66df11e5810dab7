// Who waits for whom: slots, priorities, rates, leave to write, and many threads at once.
#include "http/engine/engine.hpp"
#include "http/engine/target_queue.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/raw_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_set>

namespace dklb::tests {
namespace {

using domain::error_code;
using http::priority;
using http::target_settings;
using testing::ElementsAre;
using namespace std::chrono_literals;

target_settings limited_to(std::size_t in_flight) {
  target_settings settings;
  settings.name = "limited";
  settings.limits.max_in_flight = in_flight;
  return settings;
}

/// A server that holds every answer back until the gate opens, and knows how many wait at most.
class holding_server {
public:
  gate hold;
  std::atomic<int> waiting{0};
  std::atomic<int> peak{0};
  std::mutex mutex;
  std::vector<std::string> order;
  raw_server server{each_request([this](raw_connection& connection, const std::string& request) {
    {
      const std::lock_guard lock(mutex);
      order.push_back(request_line(request));
      peak = std::max<int>(peak, ++waiting);
    }
    hold.wait();
    --waiting;
    connection.reply(200, "ok");
  })};
};

TEST(EngineLimits, InFlightStaysWithinTheLimit) {
  holding_server slow;
  http::engine engine;
  const auto target = engine.add_target(limited_to(3));
  const auto where = plain_endpoint(slow.server.url());
  std::vector<awaited<http::response_result>> answers(12);
  for (auto& answer : answers) {
    engine.send(target, where, get_request("/"), answer.callback());
  }
  EXPECT_TRUE(eventually([&] { return slow.waiting == 3; }));
  const auto middle = engine.statistics(target);
  EXPECT_EQ(middle.name, "limited");
  EXPECT_EQ(middle.in_flight, 3U);
  EXPECT_EQ(middle.waiting, 9U);
  slow.hold.open();
  for (auto& answer : answers) {
    EXPECT_TRUE(answer.get().has_value());
  }
  EXPECT_EQ(slow.peak, 3);
  EXPECT_EQ(slow.server.accepted(), 3) << "as many connections as slots";
  const auto end = engine.statistics(target);
  EXPECT_EQ(end.in_flight, 0U);
  EXPECT_EQ(end.waiting, 0U);
  EXPECT_EQ(end.peak_in_flight, 3U);
  EXPECT_EQ(end.finished, 12U);
}

TEST(EngineLimits, WhatWaitedPastItsMomentIsNeverSent) {
  holding_server slow;
  http::engine engine;
  const auto target = engine.add_target(limited_to(1));
  const auto where = plain_endpoint(slow.server.url());
  awaited<http::response_result> first;
  awaited<http::response_result> late;
  awaited<http::response_result> last;
  engine.send(target, where, get_request("/first"), first.callback());
  EXPECT_TRUE(eventually([&] { return slow.waiting == 1; }));
  auto what = get_request("/late");
  what.send_before = std::chrono::steady_clock::now();
  engine.send(target, where, what, late.callback());
  what = get_request("/last");
  what.send_before = std::chrono::steady_clock::now() + 1h;
  engine.send(target, where, what, last.callback());
  slow.hold.open();
  EXPECT_TRUE(first.get().has_value());
  const auto outcome = late.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().code, error_code::timeout);
  EXPECT_THAT(outcome.failure().message, testing::HasSubstr("/late: not sent: other requests"));
  EXPECT_TRUE(last.get().has_value());
  EXPECT_THAT(slow.order, ElementsAre("GET /first", "GET /last"));
}

/// One request in flight, which is held, and what waits behind it.
class EngineQueue : public testing::Test {
protected:
  EngineQueue() {
    send("/first", priority::low);
    EXPECT_TRUE(eventually([&] { return slow.waiting == 1; }));
  }

  void send(const std::string& path, priority order) {
    http::request what = get_request(path);
    what.priority = order;
    answers.emplace_back();
    engine.send(target, where, what, answers.back().callback());
  }
  /// In which order the server saw them.
  std::vector<std::string> release() {
    slow.hold.open();
    for (auto& answer : answers)
      EXPECT_TRUE(answer.get().has_value());
    return slow.order;
  }

  holding_server slow;
  std::shared_ptr<const http::endpoint> where = plain_endpoint(slow.server.url());
  std::deque<awaited<http::response_result>> answers;
  http::engine engine;
  http::target_id target = engine.add_target(limited_to(1));
};

TEST_F(EngineQueue, NormalGoesBeforeLowAndEachInOrder) {
  send("/low-1", priority::low);
  send("/normal-1", priority::normal);
  send("/low-2", priority::low);
  send("/normal-2", priority::normal);
  EXPECT_THAT(release(), ElementsAre("GET /first", "GET /normal-1", "GET /normal-2", "GET /low-1",
                                     "GET /low-2"));
}

TEST_F(EngineQueue, LowThatHasWaitedForLongGoesAsIfNormal) {
  send("/normal-1", priority::normal);
  send("/low-1", priority::low);
  awaited<bool> queued;
  engine.post([done = queued.callback()] { done(true); });
  EXPECT_TRUE(queued.get());
  std::this_thread::sleep_for(http::target_queue::longest_wait);
  send("/low-2", priority::low);
  send("/normal-2", priority::normal);
  EXPECT_THAT(release(), ElementsAre("GET /first", "GET /normal-1", "GET /low-1", "GET /normal-2",
                                     "GET /low-2"));
}

TEST(EngineLimits, LowPriorityHasAQuarterOfTheSlots) {
  holding_server slow;
  http::engine engine;
  const auto target = engine.add_target(limited_to(8));
  const auto where = plain_endpoint(slow.server.url());
  std::vector<awaited<http::response_result>> answers(9);
  auto what = get_request("/low");
  what.priority = priority::low;
  for (std::size_t i = 0; i < 8; ++i)
    engine.send(target, where, what, answers[i].callback());
  EXPECT_TRUE(eventually([&] { return slow.waiting == 2; }));
  engine.send(target, where, get_request("/normal"), answers[8].callback());
  EXPECT_TRUE(eventually([&] { return slow.waiting == 3; })) << "a slot is free for it";
  EXPECT_EQ(engine.statistics(target).waiting, 6U);
  slow.hold.open();
  for (auto& answer : answers)
    EXPECT_TRUE(answer.get().has_value());
  EXPECT_EQ(slow.peak, 3);
}

TEST(EngineLimits, TheNextRequestIsOnItsWayWhileAnAnswerIsLookedAt) {
  holding_server slow;
  http::engine engine;
  const auto target = engine.add_target(limited_to(1));
  const auto where = plain_endpoint(slow.server.url());
  awaited<bool> overlapped;
  awaited<http::response_result> second;
  const auto received = [&slow](std::size_t requests) {
    const std::lock_guard lock(slow.mutex);
    return slow.order.size() == requests;
  };
  engine.send(target, where, get_request("/first"),
              [&received, tell = overlapped.callback()](const http::response_result&) {
                // The engine's thread does nothing else until this returns.
                tell(eventually([&] { return received(2); }));
              });
  EXPECT_TRUE(eventually([&] { return received(1); }));
  engine.send(target, where, get_request("/second"), second.callback());
  awaited<bool> queued;
  engine.post([tell = queued.callback()] { tell(true); });
  EXPECT_TRUE(queued.get());
  slow.hold.open();
  EXPECT_TRUE(overlapped.get());
  EXPECT_TRUE(second.get().has_value());
}

TEST(EngineLimits, TargetsDoNotWaitForEachOther) {
  holding_server slow;
  raw_server fast(each_request(
    [](raw_connection& connection, const std::string&) { connection.reply(200, "ok"); }));
  http::engine engine;
  const auto stuck = engine.add_target(limited_to(1));
  const auto free = engine.add_target(limited_to(1));
  awaited<http::response_result> first;
  awaited<http::response_result> second;
  engine.send(stuck, plain_endpoint(slow.server.url()), get_request("/"), first.callback());
  engine.send(stuck, plain_endpoint(slow.server.url()), get_request("/"), second.callback());
  EXPECT_TRUE(
    send_and_wait(engine, free, plain_endpoint(fast.url()), get_request("/")).has_value());
  slow.hold.open();
  EXPECT_TRUE(first.get().has_value());
  EXPECT_TRUE(second.get().has_value());
}

TEST(EngineLimits, WaitingDoesNotUseUpTheTimeout) {
  holding_server slow;
  http::engine engine;
  const auto target = engine.add_target(limited_to(1));
  const auto where = plain_endpoint(slow.server.url());
  awaited<http::response_result> first;
  awaited<http::response_result> second;
  engine.send(target, where, get_request("/"), first.callback());
  EXPECT_TRUE(eventually([&] { return slow.waiting == 1; }));
  http::request quick = get_request("/");
  quick.timeout = 100ms;
  engine.send(target, where, quick, second.callback());
  std::this_thread::sleep_for(200ms);
  EXPECT_FALSE(second.ready());
  slow.hold.open();
  EXPECT_TRUE(first.get().has_value());
  const auto answer = second.get();
  EXPECT_TRUE(answer.has_value()) << answer.failure().message;
}

TEST(EngineLimits, RateLetsABurstThroughAndThenKeepsItsPace) {
  raw_server server(each_request(
    [](raw_connection& connection, const std::string&) { connection.reply(200, "ok"); }));
  http::engine engine;
  target_settings paced = limited_to(100);
  paced.limits.queries_per_second = 50;
  paced.limits.burst = 5;
  const auto target = engine.add_target(paced);
  const auto where = plain_endpoint(server.url());
  const auto begin = std::chrono::steady_clock::now();
  std::vector<awaited<http::response_result>> answers(15);
  for (auto& answer : answers) {
    engine.send(target, where, get_request("/"), answer.callback());
  }
  for (auto& answer : answers) {
    EXPECT_TRUE(answer.get().has_value());
  }
  // Ten requests beyond the burst, 20 ms each.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 195ms);
}

/// Twelve requests that wait for three slots.
class EngineLimitsChange : public ::testing::Test {
protected:
  EngineLimitsChange() {
    for (auto& answer : answers_)
      engine_.send(target_, plain_endpoint(slow_.server.url()), get_request("/"),
                   answer.callback());
    EXPECT_TRUE(eventually([&] { return slow_.waiting == 3; }));
  }
  void finish() {
    slow_.hold.open();
    for (auto& answer : answers_)
      EXPECT_TRUE(answer.get().has_value());
  }

  holding_server slow_;
  http::engine engine_;
  http::target_id target_ = engine_.add_target(limited_to(3));
  std::vector<awaited<http::response_result>> answers_{12};
};

TEST_F(EngineLimitsChange, RaisedBoundLetsWaitingRequestsStartAtOnce) {
  engine_.set_limits(target_, {.max_in_flight = 7});
  EXPECT_TRUE(eventually([&] { return slow_.waiting == 7; }));
  EXPECT_EQ(engine_.statistics(target_).waiting, 5U);
  finish();
  EXPECT_EQ(slow_.peak, 7);
}

TEST_F(EngineLimitsChange, LoweredBoundEndsNoRequestAndHoldsForTheNext) {
  engine_.set_limits(target_, {.max_in_flight = 1});
  finish();
  slow_.peak = 0;
  std::vector<awaited<http::response_result>> more(6);
  for (auto& answer : more)
    engine_.send(target_, plain_endpoint(slow_.server.url()), get_request("/"), answer.callback());
  for (auto& answer : more)
    EXPECT_TRUE(answer.get().has_value());
  EXPECT_EQ(slow_.peak, 1);
}

TEST(EngineLimits, RateThatIsTakenAwayLetsWaitingRequestsStartAtOnce) {
  raw_server server(each_request(
    [](raw_connection& connection, const std::string&) { connection.reply(200, "ok"); }));
  http::engine engine;
  target_settings paced = limited_to(100);
  paced.limits.queries_per_second = 0.001;
  paced.limits.burst = 1;
  const auto target = engine.add_target(paced);
  std::vector<awaited<http::response_result>> answers(5);
  for (auto& answer : answers) {
    engine.send(target, plain_endpoint(server.url()), get_request("/"), answer.callback());
  }
  EXPECT_TRUE(answers.front().get().has_value());
  EXPECT_FALSE(answers.back().ready());
  engine.set_limits(target, {.max_in_flight = 100});
  for (auto& answer : answers) {
    EXPECT_TRUE(&answer == &answers.front() || answer.get().has_value());
  }
}

TEST(TokenBucket, TakesAChangedRate) {
  using clock = http::token_bucket::clock;
  const clock::time_point start{1000s};
  http::token_bucket bucket(0, 0);
  bucket.take(start);
  bucket.change(10, 2, start);
  bucket.take(start);
  EXPECT_TRUE(bucket.available(start)) << "it begins with a full burst";
  bucket.take(start);
  EXPECT_FALSE(bucket.available(start));
  bucket.change(1, 5, start);
  EXPECT_FALSE(bucket.available(start)) << "a change gives nothing away";
  EXPECT_FALSE(bucket.available(start + 900ms));
  EXPECT_TRUE(bucket.available(start + 1s));
  bucket.change(1, 2, start + 1h);
  bucket.take(start + 1h);
  bucket.take(start + 1h);
  EXPECT_FALSE(bucket.available(start + 1h)) << "what was saved up fits the new burst";
  bucket.change(0, 0, start + 1h);
  EXPECT_TRUE(bucket.available(start + 1h));
}

TEST(TokenBucket, FollowsItsRate) {
  using clock = http::token_bucket::clock;
  const clock::time_point start{1000s};
  EXPECT_TRUE(http::token_bucket(0, 0).available(start)) << "no rate: no limit";
  http::token_bucket bucket(10, 2);
  for (int count = 0; count < 2; ++count) {
    EXPECT_TRUE(bucket.available(start));
    bucket.take(start);
  }
  EXPECT_FALSE(bucket.available(start));
  const auto next = bucket.next(start);
  EXPECT_NEAR(std::chrono::duration<double>(next - start).count(), 0.1, 0.001);
  EXPECT_FALSE(bucket.available(next - 1ms));
  EXPECT_TRUE(bucket.available(next));
  EXPECT_TRUE(bucket.available(start + 1h));
  bucket.take(start + 1h);
  bucket.take(start + 1h);
  EXPECT_FALSE(bucket.available(start + 1h)) << "never more than the burst is saved up";
}

TEST(EnginePermit, IsAskedWhenTheTransferStartsNotWhenItIsSent) {
  holding_server slow;
  http::engine engine;
  const auto target = engine.add_target(limited_to(1));
  const auto where = plain_endpoint(slow.server.url());
  std::atomic<bool> leader{true};
  std::atomic<int> asked{0};
  awaited<http::response_result> first;
  awaited<http::response_result> second;
  http::request what = get_request("/write");
  what.method = "PUT";
  what.permit = [&] {
    ++asked;
    return leader.load();
  };
  engine.send(target, where, what, first.callback());
  EXPECT_TRUE(eventually([&] { return slow.waiting == 1; }));
  const int asked_before = asked;
  engine.send(target, where, what, second.callback());
  EXPECT_EQ(asked, asked_before);
  leader = false;
  slow.hold.open();
  EXPECT_TRUE(first.get().has_value());
  const auto refused = second.get();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.failure().code, error_code::not_leader);
  EXPECT_EQ(slow.order.size(), 1U) << "nothing is sent";
}

TEST(EnginePermit, IsAskedAgainBeforeTheFirstByte) {
  raw_server server([](raw_connection& connection) {
    if (const auto request = connection.read_request()) {
      connection.reply(200, "ok");
    }
  });
  http::engine engine;
  const auto target = engine.add_target({});
  std::atomic<int> asked{0};
  http::request what = get_request("/write");
  what.method = "PUT";
  what.permit = [&] { return ++asked == 1; };
  const auto answer = send_and_wait(engine, target, plain_endpoint(server.url()), what);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::not_leader) << answer.failure().message;
  EXPECT_EQ(asked, 2);
}

TEST(EnginePermit, RefusedRequestsFreeTheirSlot) {
  raw_server server(each_request(
    [](raw_connection& connection, const std::string&) { connection.reply(200, "ok"); }));
  http::engine engine;
  const auto target = engine.add_target(limited_to(1));
  const auto where = plain_endpoint(server.url());
  for (int refusals_after : {0, 1}) {
    http::request what = get_request("/");
    what.permit = [&] { return refusals_after-- > 0; };
    EXPECT_FALSE(send_and_wait(engine, target, where, what).has_value());
  }
  EXPECT_TRUE(send_and_wait(engine, target, where, get_request("/")).has_value());
}

TEST(EngineThreads, ManyMaySendStreamAndSetTimersAtOnce) {
  raw_server server(each_request([](raw_connection& connection, const std::string& request) {
    connection.reply(200, request_line(request));
  }));
  http::engine engine;
  constexpr int threads = 8;
  constexpr int each = 50;
  std::atomic<int> right{0};
  std::atomic<int> ends{0};
  std::vector<std::thread> senders;
  for (int number = 0; number < threads; ++number) {
    senders.emplace_back([&, number] {
      const auto target = engine.add_target(limited_to(4));
      const auto where = plain_endpoint(server.url());
      for (int count = 0; count < each; ++count) {
        const std::string path = "/" + std::to_string(number) + "/" + std::to_string(count);
        engine.send(target, where, get_request(path), [&, path](http::response_result answer) {
          right += answer.has_value() && answer->body == "GET " + path ? 1 : 0;
          // From the engine's thread, another one.
          engine.post([&] { ++ends; });
        });
        const auto timer = engine.after(1h, [] { FAIL() << "this timer was cancelled"; });
        engine.cancel_timer(timer);
        (void)engine.statistics(target);
        if (count % 10 == 0) {
          const auto stream =
            engine.open_stream(where, get_request("/stream"), {{}, {}, [&](auto) { ++ends; }}, 20s);
          engine.pause_stream(stream);
          engine.resume_stream(stream);
          engine.cancel_stream(stream);
        }
      }
    });
  }
  for (auto& sender : senders) {
    sender.join();
  }
  constexpr int expected = threads * (each + each / 10);
  EXPECT_TRUE(eventually([&] { return ends == expected; })) << ends;
  EXPECT_EQ(right, threads * each);
}

TEST(EngineThreads, EverySendIsAnsweredOnceWhileTheEngineStops) {
  raw_server server(each_request(
    [](raw_connection& connection, const std::string&) { connection.reply(200, "ok"); }));
  for (int round = 0; round < 5; ++round) {
    http::engine engine;
    const auto target = engine.add_target(limited_to(4));
    const auto where = plain_endpoint(server.url());
    std::atomic<int> sent{0};
    std::atomic<int> answered{0};
    std::atomic<bool> go_on{true};
    std::vector<std::thread> senders;
    for (int number = 0; number < 3; ++number) {
      senders.emplace_back([&] {
        while (go_on) {
          ++sent;
          engine.send(target, where, get_request("/"), [&](auto) { ++answered; });
          std::this_thread::yield();
        }
      });
    }
    EXPECT_TRUE(eventually([&] { return answered > 20; }));
    engine.stop(1s);
    go_on = false;
    for (auto& sender : senders) {
      sender.join();
    }
    EXPECT_EQ(answered, sent);
  }
}

} // namespace
} // namespace dklb::tests
