// The engine's thread does work of others where it would sleep, and is stood in for when it does
// not come back.
#include "http/engine/engine.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/raw_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace dklb::tests {
namespace {

/// What the engine is lent: a queue of jobs, and what it announced.
class lender {
public:
  http::side_work work() {
    return {[this](bool more) { announced_ = more; }, [this] { return run(); }};
  }
  void add(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  bool announced() const { return announced_; }

private:
  bool run() {
    std::unique_lock lock(mutex_);
    if (jobs_.empty())
      return false;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    return true;
  }

  std::mutex mutex_;
  std::deque<std::function<void()>> jobs_;
  std::atomic<bool> announced_{false};
};

class EngineSideWork : public testing::Test {
protected:
  EngineSideWork() { engine.lend_thread_to(lent.work()); }
  ~EngineSideWork() override { engine.stop({}); }

  /// The thread on which an answer was told, after `told` was called there.
  std::thread::id ask(const std::function<void()>& told = [] {}) {
    awaited<std::thread::id> on;
    auto done = on.callback();
    engine.send(target, where, get_request("/"), [=](const http::response_result& answer) {
      EXPECT_TRUE(answer.has_value());
      told();
      done(std::this_thread::get_id());
    });
    return on.get();
  }

  raw_server server{each_request(
    [](raw_connection& connection, const std::string&) { connection.reply(200, "ok"); })};
  std::shared_ptr<const http::endpoint> where = plain_endpoint(server.url());
  lender lent;
  http::engine engine;
  http::target_id target = engine.add_target({});
};

TEST_F(EngineSideWork, IsDoneOnTheEnginesThreadAfterTheCallbackThatMadeIt) {
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    awaited<std::thread::id> worked;
    bool announced = false;
    const auto told = ask([&] {
      announced = lent.announced();
      lent.add([done = worked.callback()] { done(std::this_thread::get_id()); });
    });
    EXPECT_TRUE(announced);
    EXPECT_EQ(worked.get(), told);
  }
}

TEST_F(EngineSideWork, GivesWayToWhatItAsksOfTheEngine) {
  awaited<bool> second;
  bool done_before = false;
  ask([&] {
    lent.add([&] { engine.post([&] { done_before = true; }); });
    lent.add([&, done = second.callback()] { done(done_before); });
  });
  EXPECT_TRUE(second.get());
}

TEST_F(EngineSideWork, ThatDoesNotReturnStopsNoTransfer) {
  // More than once, because the stand-in falls asleep in between.
  for (int i = 0; i < 3 && !HasFailure(); ++i) {
    awaited<bool> over;
    gate begun;
    gate stuck;
    const auto own = ask([&] {
      lent.add([&, done = over.callback()] {
        begun.open();
        done(stuck.wait());
      });
    });
    ASSERT_TRUE(begun.wait());
    EXPECT_NE(ask(), own);
    EXPECT_NE(ask(), own);
    EXPECT_FALSE(over.ready());
    stuck.open();
    EXPECT_TRUE(over.get());
    EXPECT_TRUE(eventually([&] { return ask() == own; })) << "the engine's own thread is back";
  }
}

TEST_F(EngineSideWork, AnEndWhileItDoesNotReturnWaitsForIt) {
  awaited<bool> over;
  gate stuck;
  const auto own = ask([&] { lent.add([&, done = over.callback()] { done(stuck.wait()); }); });
  EXPECT_TRUE(eventually([&] { return ask() != own; }));
  std::thread ends([&] { engine.stop({}); });
  // The stand-in ends the engine: what is sent now is refused.
  EXPECT_TRUE(eventually([&] {
    awaited<http::response_result> answer;
    engine.send(target, where, get_request("/"), answer.callback());
    return !answer.get().has_value();
  }));
  EXPECT_FALSE(over.ready());
  stuck.open();
  ends.join();
  EXPECT_TRUE(over.get());
}

TEST_F(EngineSideWork, MayBeginTheEnd) {
  awaited<bool> begun;
  ask([&] {
    lent.add([&, done = begun.callback()] {
      engine.stop({});
      done(true);
    });
  });
  EXPECT_TRUE(begun.get());
  engine.stop({});
  awaited<http::response_result> answer;
  engine.send(target, where, get_request("/"), answer.callback());
  EXPECT_FALSE(answer.get().has_value());
}

TEST(EngineSideWorkLimits, IsLeftToOthersWhileManyRequestsAreInFlightOrAnAnswerIsLong) {
  constexpr int many = 8;
  std::atomic<int> waiting{0};
  gate hold;
  raw_server server{each_request([&](raw_connection& connection, const std::string& request) {
    if (request_line(request) == "GET /held") {
      ++waiting;
      hold.wait();
    }
    connection.reply(200, request_line(request) == "GET /long" ? std::string(100000, 'x') : "ok");
  })};
  const auto where = plain_endpoint(server.url());
  lender lent;
  http::engine engine;
  engine.lend_thread_to(lent.work());
  const auto target = engine.add_target({});
  struct outcome {
    bool announced = false; ///< while the answer is told
    bool done = false;      ///< work that the answer made, by the engine's thread
  };
  const auto after = [&](const char* path) {
    awaited<bool> told;
    const auto job = std::make_shared<awaited<bool>>();
    engine.send(target, where, get_request(path),
                [&lent, job, done = told.callback()](const http::response_result&) {
                  lent.add([finish = job->callback()] { finish(true); });
                  done(lent.announced());
                });
    outcome out{told.get(), false};
    // Either it is done, or it is said that it will not be.
    EXPECT_TRUE(eventually([&] { return job->ready() || !lent.announced(); }));
    out.done = job->ready();
    return out;
  };
  const auto leisure = after("/");
  EXPECT_TRUE(leisure.announced && leisure.done);
  EXPECT_FALSE(after("/long").announced);
  EXPECT_TRUE(after("/").done);
  std::vector<awaited<http::response_result>> held(many);
  for (auto& answer : held)
    engine.send(target, where, get_request("/held"), answer.callback());
  EXPECT_TRUE(eventually([&] { return waiting == many; }));
  const auto hurry = after("/");
  EXPECT_TRUE(hurry.announced) << "one wake-up for all that the turn makes";
  EXPECT_FALSE(hurry.done);
  hold.open();
  for (auto& answer : held)
    EXPECT_TRUE(answer.get().has_value());
  EXPECT_TRUE(after("/").done);
  engine.stop({});
}

} // namespace
} // namespace dklb::tests
