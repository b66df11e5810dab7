#include "domain/pool/poll_schedule.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {
namespace {

using std::chrono::milliseconds;

constexpr poll_pauses pauses{milliseconds{1000}, milliseconds{60000}};

TEST(PollSchedule, StaysAtMinWhileAnAddressIsAwaitedAndGrowsToMaxOnceSettled) {
  poll_schedule schedule;
  EXPECT_EQ(schedule.next(pauses, false, 0), milliseconds{1000});
  EXPECT_EQ(schedule.next(pauses, false, 0), milliseconds{1000});
  EXPECT_EQ(schedule.next(pauses, true, 0), milliseconds{4000});
  EXPECT_EQ(schedule.next(pauses, true, 0), milliseconds{16000});
  EXPECT_EQ(schedule.next(pauses, true, 0), milliseconds{60000});
  EXPECT_EQ(schedule.next(pauses, true, 0), milliseconds{60000});
  schedule.restart();
  EXPECT_EQ(schedule.next(pauses, true, 0), milliseconds{4000});
  EXPECT_EQ(schedule.next(pauses, false, 0), milliseconds{1000});
}

TEST(PollSchedule, SpreadsSettledPollsWithinAQuarter) {
  poll_schedule schedule;
  const auto delay = schedule.next(pauses, true, 0.999);
  EXPECT_GE(delay, milliseconds{3000});
  EXPECT_LT(delay, milliseconds{4000});
}

class PollCalendar : public ::testing::Test {
protected:
  poll_calendar::appointment at(const std::string& pool, int due, bool awaited) {
    for (const auto& name : names_)
      if (name == pool)
        return {milliseconds{due}, &name, awaited};
    return {};
  }
  void leisurely(const std::string& pool, int due) { calendar_.add(at(pool, due, false)); }
  void awaited(const std::string& pool, int due) { calendar_.add(at(pool, due, true)); }
  /// So many that nobody waits for.
  void many(std::size_t count, int due) {
    for (std::size_t i = 0; i < count; ++i)
      calendar_.add({milliseconds{due}, &more_.emplace_back("m"), false});
  }
  /// Every pool that may go at this time.
  std::string taken(int now, std::size_t under_way = 0) {
    std::string out;
    while (const auto what = calendar_.take(pauses, milliseconds{now}, under_way)) {
      out += *what->pool;
      under_way += what->awaited ? 0U : 1U;
    }
    return out;
  }
  std::optional<milliseconds> next(std::size_t under_way = 0) const {
    return calendar_.next(pauses, under_way);
  }

  static constexpr auto step = static_cast<int>(poll_calendar::step.count());
  static constexpr auto few = poll_calendar::few;
  poll_calendar calendar_{milliseconds{0}};

private:
  std::vector<std::string> names_{"a", "b", "y", "z"};
  std::list<std::string> more_; ///< names stay where they are
};

TEST_F(PollCalendar, GivesNothingBeforeItIsDue) {
  EXPECT_FALSE(next());
  leisurely("a", 1000);
  awaited("b", 2000);
  EXPECT_EQ(next(), milliseconds{1000});
  EXPECT_EQ(taken(999), "");
  EXPECT_EQ(taken(1000), "a");
  EXPECT_EQ(next(1), milliseconds{2000});
  EXPECT_EQ(taken(2000, 1), "b");
  EXPECT_FALSE(next(1));
}

TEST_F(PollCalendar, PollsThatAreAwaitedGoTogetherTheOthersAFewAtATime) {
  awaited("y", 1000);
  awaited("z", 1000);
  many(2 * few, 1000);
  EXPECT_EQ(taken(1000).size(), 2 + few);
  EXPECT_EQ(next(), milliseconds{1000 + step});
  EXPECT_EQ(taken(1000 + step - 1).size(), 0U);
  EXPECT_EQ(taken(1000 + step, few).size(), 0U) << "they are not answered";
  EXPECT_EQ(taken(1000 + step, few - 1).size(), 1U);
  EXPECT_EQ(taken(1000 + step).size(), few - 1);
}

TEST_F(PollCalendar, AFewThatBeginLateAreNotFollowedByOthersAtOnce) {
  many(1, 1000);
  EXPECT_EQ(taken(1000).size(), 1U);
  many(2 * few, 5000);
  EXPECT_EQ(taken(5000).size(), few);
  EXPECT_EQ(taken(5000 + step).size(), few);
}

TEST_F(PollCalendar, ManyPoolsThatAreDueTogetherAllHaveTheirTurnWithinMaxAndNotAtOnce) {
  constexpr std::size_t pools = 10000;
  many(pools, 1000);
  EXPECT_EQ(taken(1000).size(), few);
  std::size_t gone = few;
  many(few, 4000); // those that went are due again while others still wait
  for (int now = 1001; now < 1000 + 60000; ++now) {
    const auto some = taken(now).size();
    EXPECT_LE(some, few);
    gone += some;
    many(some, now + 3000);
  }
  EXPECT_GE(gone, pools);
  EXPECT_LE(gone, pools * 3 / 2);
}

TEST_F(PollCalendar, WhatFallsBehindByMaxGoesWhateverIsUnderWay) {
  many(few + 1, 1000);
  EXPECT_EQ(taken(1000).size(), few);
  EXPECT_EQ(next(few), milliseconds{1000 + 60000});
  EXPECT_EQ(taken(60999, few).size(), 0U);
  EXPECT_EQ(taken(61000, few).size(), 1U);
}

TEST_F(PollCalendar, ARemovedOneIsNotTaken) {
  leisurely("a", 100);
  awaited("b", 100);
  calendar_.remove(at("a", 100, false));
  calendar_.remove(at("b", 100, true));
  EXPECT_EQ(taken(1000), "");
  EXPECT_FALSE(next());
}

} // namespace
} // namespace dklb::domain
