// The scheduler that runs the actors: nothing is left lying, and no thread is woken in vain. It is
// given plain jobs, so that the thread sanitizer sees all of it.
#include "actors/base/scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/ref_counted.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <set>

#ifdef __SANITIZE_THREAD__
/// CAF is not instrumented: the count of an actor's references is its own, so the end of an actor
/// looks like a race with its last use. The jobs of these tests never pass through it; where they
/// and the timers' tests have actors, only that end is passed over.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the sanitizer's name
extern "C" const char* __tsan_default_suppressions() {
  return "race:libcaf_core.so\n"
         "race:caf::actor_storage";
}
#endif

namespace dklb::actors {
namespace {

using namespace std::chrono_literals;
using enum caf::resumable::resume_result;

constexpr auto patience = 20s;

/// What a job does when it has a thread; it may make others ready with `exec_later`.
using work = std::function<caf::resumable::resume_result(caf::execution_unit&)>;

class job : public caf::resumable, public caf::ref_counted {
public:
  explicit job(work body) : body_(std::move(body)) {}
  ~job() override = default;

  resume_result resume(caf::execution_unit* unit, std::size_t) override { return body_(*unit); }
  void intrusive_ptr_add_ref_impl() override { ref(); }
  void intrusive_ptr_release_impl() override { deref(); }

private:
  work body_;
};

/// Shared, because it must outlive the call that sets it.
using event = std::shared_ptr<std::promise<void>>;

event make_event() {
  return std::make_shared<std::promise<void>>();
}

bool reached(const event& what) {
  return what->get_future().wait_for(patience) == std::future_status::ready;
}

caf::behavior noting(caf::event_based_actor*, std::vector<int>* into) {
  return {[into](int number) { into->push_back(number); }};
}

class Scheduler : public ::testing::Test {
protected:
  void start(std::size_t threads) {
    config_.load<scheduler>();
    config_.set("scheduler.max-threads", threads);
    system_ = std::make_unique<caf::actor_system>(config_);
  }
  void end() { system_.reset(); }
  scheduler& own_scheduler() { return dynamic_cast<scheduler&>(system_->scheduler()); }

  caf::actor spawn_noting(std::vector<int>* into) { return system_->spawn(noting, into); }

  /// From outside, as an answer of the network comes. The scheduler owns the job.
  void enqueue(work body) { system_->scheduler().enqueue(new job(std::move(body))); }

  /// Takes one of the scheduler's threads until what it returns is set.
  event occupy() {
    const auto begun = make_event();
    auto release = make_event();
    enqueue([=](caf::execution_unit&) {
      begun->set_value();
      release->get_future().wait();
      return done;
    });
    EXPECT_TRUE(reached(begun));
    return release;
  }

  /// The threads that ran a chain of jobs, each made ready by the one before.
  std::set<std::thread::id> chain(int length) {
    std::set<std::thread::id> on;
    const auto over = make_event();
    std::function<void(caf::execution_unit&, int)> link = [&](caf::execution_unit& unit, int left) {
      on.insert(std::this_thread::get_id());
      if (left == 0)
        return over->set_value();
      unit.exec_later(new job([&link, left](caf::execution_unit& next) {
        link(next, left - 1);
        return done;
      }));
    };
    enqueue([&link, length](caf::execution_unit& unit) {
      link(unit, length);
      return done;
    });
    EXPECT_TRUE(reached(over));
    return on;
  }

private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
};

TEST_F(Scheduler, EveryJobIsRun) {
  constexpr int chains = 200;
  constexpr int length = 100;
  start(4);
  std::atomic<int> ran{0};
  const auto over = make_event();
  std::function<void(caf::execution_unit&, int)> link = [&](caf::execution_unit& unit, int left) {
    if (left > 1)
      unit.exec_later(new job([&link, left](caf::execution_unit& next) {
        link(next, left - 1);
        return done;
      }));
    if (++ran == chains * length)
      over->set_value();
  };
  for (int i = 0; i < chains; ++i)
    enqueue([&link](caf::execution_unit& unit) {
      link(unit, length);
      return done;
    });
  EXPECT_TRUE(reached(over)) << ran;
  end();
}

TEST_F(Scheduler, ItsThreadsGiveWayToTheNetworks) {
  const auto ours = ::getpriority(PRIO_PROCESS, 0);
  start(2);
  std::atomic<int> theirs{ours};
  const auto over = make_event();
  enqueue([&](caf::execution_unit&) {
    theirs = ::getpriority(PRIO_PROCESS, 0); // of the calling thread
    over->set_value();
    return done;
  });
  EXPECT_TRUE(reached(over));
  EXPECT_EQ(theirs, std::min(ours + 3, 19));
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), ours);
  end();
}

TEST_F(Scheduler, AJobThatNeverReturnsHoldsUpNothingThatComesFromOutside) {
  start(2);
  const auto release = occupy();
  for (int i = 0; i < 100 && !HasFailure(); ++i) {
    const auto ran = make_event();
    enqueue([=](caf::execution_unit&) {
      ran->set_value();
      return done;
    });
    EXPECT_TRUE(reached(ran)) << i;
  }
  release->set_value();
}

TEST_F(Scheduler, MoreThanAFewWaitingOnesWakeAnotherThread) {
  start(2);
  // Often, because the other thread may be awake by chance.
  for (int round = 0; round < 50 && !HasFailure(); ++round) {
    const auto helped = make_event();
    const auto over = make_event();
    const auto told = std::make_shared<std::atomic<int>>(0);
    enqueue([=](caf::execution_unit& unit) {
      for (std::size_t i = 0; i <= scheduler::few; ++i)
        unit.exec_later(new job([=](caf::execution_unit&) {
          if ((*told)++ == 0)
            helped->set_value();
          return done;
        }));
      // Its own thread is taken, so only another one can help.
      EXPECT_TRUE(reached(helped));
      over->set_value();
      return done;
    });
    EXPECT_TRUE(reached(over));
  }
}

TEST_F(Scheduler, JobsThatMakeEachOtherReadyWakeNoSecondThread) {
  start(2);
  // A thread that is still awake from before may take part; it falls asleep sooner or later.
  const auto until = std::chrono::steady_clock::now() + patience;
  auto on = chain(20000);
  while (on.size() > 1 && std::chrono::steady_clock::now() < until)
    on = chain(20000);
  EXPECT_EQ(on.size(), 1U);
}

TEST_F(Scheduler, APreferredActorGoesAheadOfThoseThatWait) {
  start(1);
  std::vector<int> order;
  auto usual = spawn_noting(&order);
  auto preferred = spawn_noting(&order);
  own_scheduler().prefer(caf::actor_cast<caf::strong_actor_ptr>(preferred));
  const auto release = occupy();
  caf::anon_send(usual, 1);
  caf::anon_send(preferred, 2);
  release->set_value();
  usual = nullptr;
  preferred = nullptr;
  end();
  EXPECT_EQ(order, (std::vector{2, 1}));
}

TEST_F(Scheduler, AThreadThatLendsItselfRunsWhatItMadeReady) {
  start(2);
  own_scheduler().expect(true);
  // A thread that is still awake from before may be faster; it falls asleep sooner or later.
  const auto until = std::chrono::steady_clock::now() + patience;
  std::thread::id on;
  while (on != std::this_thread::get_id() && std::chrono::steady_clock::now() < until) {
    const auto ran = std::make_shared<std::promise<std::thread::id>>();
    auto where = ran->get_future();
    enqueue([=](caf::execution_unit& unit) {
      // What it makes ready itself comes next.
      unit.exec_later(new job([=](caf::execution_unit&) {
        ran->set_value(std::this_thread::get_id());
        return done;
      }));
      return done;
    });
    while (own_scheduler().run_one()) {
    }
    on = where.get();
  }
  EXPECT_EQ(on, std::this_thread::get_id());
  EXPECT_FALSE(own_scheduler().run_one());
  own_scheduler().expect(false);
}

TEST_F(Scheduler, VeryManyAreNotLeftToTheThreadThatLendsItself) {
  start(1);
  own_scheduler().expect(true);
  for (int round = 0; round < 50 && !HasFailure(); ++round) {
    const auto helped = make_event();
    const auto told = std::make_shared<std::atomic<int>>(0);
    for (std::size_t i = 0; i <= scheduler::many; ++i)
      enqueue([=](caf::execution_unit&) {
        if ((*told)++ == 0)
          helped->set_value();
        return done;
      });
    EXPECT_TRUE(reached(helped));
  }
  own_scheduler().expect(false);
}

TEST_F(Scheduler, WhatIsLeftOfATimeThatWasLentIsRunAllTheSame) {
  start(1);
  for (int round = 0; round < 50 && !HasFailure(); ++round) {
    const auto ran = make_event();
    own_scheduler().expect(true);
    enqueue([=](caf::execution_unit&) {
      ran->set_value();
      return done;
    });
    own_scheduler().expect(false);
    EXPECT_TRUE(reached(ran));
  }
}

TEST_F(Scheduler, AJobThatIsNotDoneMakesRoomForOthers) {
  start(1);
  std::vector<int> order;
  const auto release = occupy();
  enqueue([&order](caf::execution_unit&) {
    order.push_back(1);
    return order.size() < 4 ? resume_later : done;
  });
  enqueue([&order](caf::execution_unit&) {
    order.push_back(2);
    return done;
  });
  release->set_value();
  end();
  EXPECT_EQ(order, (std::vector{1, 2, 1, 1}));
}

TEST_F(Scheduler, WhatIsQueuedIsRunBeforeTheEnd) {
  start(1);
  int ran = 0;
  for (int i = 0; i < 1000; ++i)
    enqueue([&ran](caf::execution_unit&) {
      ++ran;
      return done;
    });
  end();
  EXPECT_EQ(ran, 1000);
}

} // namespace
} // namespace dklb::actors
