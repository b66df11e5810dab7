// What the actors are promised by the scheduler and the clock, on threads as in production.
#include "actors/base/scheduling.hpp"

#include "actors/base/base.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace dklb::actors {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto patience = 20s;

using delays = std::vector<std::chrono::milliseconds>;
/// Shared, because it must outlive the call that sets it.
using event = std::shared_ptr<std::promise<void>>;

event make_event() {
  return std::make_shared<std::promise<void>>();
}

bool reached(const event& what) {
  return what->get_future().wait_for(patience) == std::future_status::ready;
}

/// Keeps its thread until `release` is set.
caf::behavior stuck(caf::event_based_actor*, const event& begun, const event& release) {
  return {[=](int) {
    begun->set_value();
    release->get_future().wait();
  }};
}

caf::behavior noting(caf::event_based_actor*, std::vector<int>* into) {
  return {[into](int number) { into->push_back(number); }};
}

caf::behavior asked(caf::event_based_actor* self, bool answers) {
  return {[=](int number) -> caf::result<int> {
    if (answers)
      return number;
    return self->make_response_promise<int>();
  }};
}

/// Sends itself a number after each delay, and passes it on to `to`.
caf::behavior ticking(caf::event_based_actor* self, const delays& all, const caf::actor& to) {
  for (const auto& delay : all)
    self->delayed_send(self, delay, static_cast<int>(delay.count()));
  return {[=, left = all.size()](int number) mutable {
    self->send(to, number);
    if (--left == 0)
      self->quit();
  }};
}

/// Sends `to` the answer of the one and then, 2, when the other one has given none.
void asking(caf::event_based_actor* self, const caf::actor& one, const caf::actor& other,
            const caf::actor& to) {
  actors::ask<int>(
    self, one, 50ms, 1,
    [=](int number) {
      self->send(to, number);
      actors::ask<int>(
        self, other, 50ms, 1, [=](int) { self->send(to, -2); },
        [=](const caf::error&) { self->send(to, 2); });
    },
    [=](const caf::error&) { self->send(to, -1); });
}

using typed_promise = caf::typed_response_promise<int>;

/// Asks `whom` once for each number that it is sent, and answers when that one has.
caf::behavior relaying(caf::event_based_actor* self, const caf::actor& whom) {
  return {[=](int number) -> caf::result<int> {
    auto promise = self->make_response_promise<int>();
    actors::ask<int>(
      self, whom, 1h, number, [promise](int answer) { typed_promise{promise}.deliver(answer); },
      [promise](caf::error& problem) { typed_promise{promise}.deliver(problem); });
    return promise;
  }};
}

/// How many strong references there are to an actor; each of its timers holds one.
std::size_t references(const caf::actor& of) {
  return caf::actor_cast<caf::strong_actor_ptr>(of)->strong_refs.load() - 1;
}

class Scheduling : public ::testing::Test {
protected:
  void start(int threads, int throughput = 300) {
    domain::concurrency_config limits;
    limits.scheduler_threads = threads;
    limits.scheduler_throughput = throughput;
    set_up_scheduler(config_, limits);
    system_ = std::make_unique<caf::actor_system>(config_);
  }
  void end() { system_.reset(); }

  /// Takes one of the threads until what it returns is set.
  event occupy() {
    const auto begun = make_event();
    auto release = make_event();
    caf::anon_send(system_->spawn(stuck, begun, release), 0);
    EXPECT_TRUE(reached(begun));
    return release;
  }

  static void expect_next(caf::scoped_actor& self, int expected) {
    self->receive([=](int number) { EXPECT_EQ(number, expected); },
                  caf::after(patience) >> [=] { ADD_FAILURE() << expected << " did not come"; });
  }

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
};

TEST_F(Scheduling, ThreadsAndThroughputAreThoseOfTheConfiguration) {
  start(3, 17);
  EXPECT_EQ(system_->scheduler().num_workers(), 3U);
  EXPECT_EQ(system_->scheduler().max_throughput(), 17U);
}

TEST_F(Scheduling, AnActorThatNeverReturnsHoldsUpNoOther) {
  start(2);
  const auto release = occupy();
  const auto echo = system_->spawn(asked, true);
  caf::scoped_actor self{*system_};
  for (int i = 0; i < 100 && !HasFailure(); ++i)
    self->request(echo, patience, i)
      .receive([=](int answer) { EXPECT_EQ(answer, i); },
               [](const caf::error&) { ADD_FAILURE() << "no answer"; });
  release->set_value();
}

TEST_F(Scheduling, AnActorWithManyMessagesMakesRoomForOthers) {
  start(1, 1);
  std::vector<int> order;
  {
    const auto busy = system_->spawn(noting, &order);
    const auto other = system_->spawn(noting, &order);
    const auto release = occupy();
    for (int i = 0; i < 3; ++i)
      caf::anon_send(busy, 1);
    caf::anon_send(other, 2);
    release->set_value();
  }
  end();
  EXPECT_EQ(order, (std::vector{1, 2, 1, 1}));
}

TEST_F(Scheduling, DelayedMessagesComeInTheOrderInWhichTheyAreDueAndNotTooEarly) {
  start(2);
  caf::scoped_actor self{*system_};
  const auto begin = steady::now();
  system_->spawn(ticking, delays{60ms, 20ms, 40ms, 0ms}, caf::actor{self});
  for (const int expected : {0, 20, 40, 60}) {
    expect_next(self, expected);
    EXPECT_GE(steady::now() - begin, std::chrono::milliseconds(expected));
  }
}

TEST_F(Scheduling, AMessageThatIsDueSoonerDoesNotWaitForOneThatIsDueLater) {
  start(2);
  caf::scoped_actor self{*system_};
  for (int i = 0; i < 20; ++i) {
    system_->spawn(ticking, delays{1h}, caf::actor{self});
    system_->spawn(ticking, delays{5ms}, caf::actor{self});
    expect_next(self, 5);
  }
  system_->await_actors_before_shutdown(false);
}

TEST_F(Scheduling, DelayedMessagesThatAreLeftDoNotHoldUpTheEnd) {
  start(2);
  {
    caf::scoped_actor self{*system_};
    system_->spawn(ticking, delays{0ms, 1h}, caf::actor{self});
    expect_next(self, 0);
  }
  const auto begin = steady::now();
  system_->await_actors_before_shutdown(false);
  end();
  EXPECT_LT(steady::now() - begin, patience);
}

TEST_F(Scheduling, ARequestTimesOutOnlyWhereNoAnswerComes) {
  start(2);
  const auto echo = system_->spawn(asked, true);
  const auto silent = system_->spawn(asked, false);
  caf::scoped_actor self{*system_};
  system_->spawn(asking, echo, silent, caf::actor{self});
  expect_next(self, 1);
  expect_next(self, 2);
  for (const auto& other : {echo, silent})
    self->send_exit(other, caf::exit_reason::user_shutdown);
}

TEST_F(Scheduling, AnAnsweredRequestLeavesNothingInTheClock) {
  start(2);
  {
    const auto echo = system_->spawn(asked, true);
    const auto relay = system_->spawn(relaying, echo);
    caf::scoped_actor self{*system_};
    constexpr std::size_t many = 500;
    for (std::size_t i = 0; i < many; ++i)
      self->request(relay, patience, static_cast<int>(i))
        .receive([](int) {}, [](const caf::error&) { ADD_FAILURE() << "no answer"; });
    // The clock's thread takes the last ones out a moment later.
    const auto until = steady::now() + patience;
    while (references(relay) > 10 && steady::now() < until)
      std::this_thread::sleep_for(1ms);
    EXPECT_LE(references(relay), 10U);
  }
  system_->await_actors_before_shutdown(false);
}

} // namespace
} // namespace dklb::actors
