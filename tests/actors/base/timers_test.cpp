// Delayed messages of the actors: each comes, in order, not too early, and wakes nobody before.
#include "actors/base/scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace dklb::actors {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto patience = 20s;

using delays = std::vector<std::chrono::milliseconds>;

/// Sends itself a number after each delay, and tells `to` of each.
caf::behavior ticking(caf::event_based_actor* self, const delays& all, const caf::actor& to) {
  for (const auto& delay : all)
    self->delayed_send(self, delay, static_cast<int>(delay.count()));
  return {[=, left = all.size()](int number) mutable {
    self->send(to, number);
    if (--left == 0)
      self->quit();
  }};
}

caf::behavior asked(caf::event_based_actor* self, bool answers) {
  return {[=](int number) -> caf::result<int> {
    if (answers)
      return number;
    return self->make_response_promise<int>();
  }};
}

/// Sets a timer each time it is asked.
caf::behavior setting(caf::event_based_actor* self, std::chrono::hours delay) {
  return {[=](int number) {
    self->delayed_send(self, delay, std::string{"later"});
    return number;
  }};
}

/// Tells `to` the answer of the one and then, 2, that the other one gave none.
void asking(caf::event_based_actor* self, const caf::actor& one, const caf::actor& other,
            const caf::actor& to) {
  self->request(one, 50ms, 1)
    .then(
      [=](int number) {
        self->send(to, number);
        self->request(other, 50ms, 1)
          .then([=](int) { self->send(to, -2); }, [=](const caf::error&) { self->send(to, 2); });
      },
      [=](const caf::error&) { self->send(to, -1); });
}

class Timers : public ::testing::Test {
protected:
  Timers() {
    config_.load<scheduler>();
    config_.set("scheduler.max-threads", std::size_t{2});
    system_ = std::make_unique<caf::actor_system>(config_);
  }

  void end() { system_.reset(); }

  void expect_next(caf::scoped_actor& self, int expected) {
    self->receive([=](int number) { EXPECT_EQ(number, expected); },
                  caf::after(patience) >> [=] { ADD_FAILURE() << expected << " did not come"; });
  }

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
};

TEST_F(Timers, ComeInTheOrderInWhichTheyAreDueAndNotTooEarly) {
  caf::scoped_actor self{*system_};
  const auto begin = steady::now();
  system_->spawn(ticking, delays{60ms, 20ms, 40ms, 0ms}, caf::actor{self});
  for (const int expected : {0, 20, 40, 60}) {
    expect_next(self, expected);
    EXPECT_GE(steady::now() - begin, std::chrono::milliseconds(expected));
  }
}

TEST_F(Timers, OneThatIsDueSoonerDoesNotWaitForOneThatIsDueLater) {
  caf::scoped_actor self{*system_};
  for (int i = 0; i < 20; ++i) {
    system_->spawn(ticking, delays{1h}, caf::actor{self});
    system_->spawn(ticking, delays{5ms}, caf::actor{self});
    expect_next(self, 5);
  }
  system_->await_actors_before_shutdown(false);
}

TEST_F(Timers, ARequestTimesOutOnlyWhereNoAnswerComes) {
  const auto echo = system_->spawn(asked, true);
  const auto silent = system_->spawn(asked, false);
  caf::scoped_actor self{*system_};
  system_->spawn(asking, echo, silent, caf::actor{self});
  expect_next(self, 1);
  expect_next(self, 2);
  for (const auto& other : {echo, silent})
    self->send_exit(other, caf::exit_reason::user_shutdown);
}

TEST_F(Timers, ThoseThatAreLeftDoNotHoldUpTheEnd) {
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

/// How often the timers' thread has given its processor up by itself.
long sleeps_of_timer_thread() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream name_file(task.path() / "comm");
    std::string name;
    std::getline(name_file, name);
    if (name != "dklb-timers")
      continue;
    std::ifstream status(task.path() / "status");
    for (std::string word; status >> word;)
      if (word == "voluntary_ctxt_switches:") {
        long count = 0;
        status >> count;
        return count;
      }
  }
  return -1;
}

TEST_F(Timers, AreSetWithoutWakingTheirThreadUnlessSoonerThanAllOthers) {
  {
    caf::scoped_actor self{*system_};
    system_->spawn(ticking, delays{30min, 1ms}, caf::actor{self});
    expect_next(self, 1);
    const auto before = sleeps_of_timer_thread();
    ASSERT_GE(before, 0);
    const auto setter = system_->spawn(setting, 1h);
    constexpr int many = 200;
    for (int i = 0; i < many; ++i)
      self->request(setter, patience, i).receive([](int) {}, [](const caf::error&) { FAIL(); });
    EXPECT_LE(sleeps_of_timer_thread() - before, many / 10);
  }
  system_->await_actors_before_shutdown(false);
}

} // namespace
} // namespace dklb::actors
