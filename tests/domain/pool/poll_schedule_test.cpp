#include "domain/pool/poll_schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <random>
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
  poll_calendar::entry at(const std::string& pool, int due, bool awaited) {
    for (const auto& name : names_)
      if (name == pool)
        return {milliseconds{due}, &name, awaited, early_};
    return {};
  }
  void background(const std::string& pool, int due) { calendar_.add(at(pool, due, false)); }
  void awaited(const std::string& pool, int due) { calendar_.add(at(pool, due, true)); }
  /// So many background polls.
  void many(std::size_t count, int due) {
    for (std::size_t i = 0; i < count; ++i)
      calendar_.add({milliseconds{due}, &more_.emplace_back("m"), false, {}});
  }
  /// Every pool that may go at this time.
  std::string taken(int now, std::size_t in_flight = 0) {
    std::string out;
    while (const auto what = calendar_.take(pauses, milliseconds{now}, in_flight)) {
      out += *what->pool;
      in_flight += what->awaited ? 0U : 1U;
    }
    return out;
  }
  std::optional<milliseconds> next(std::size_t in_flight = 0) const {
    return calendar_.next(pauses, in_flight);
  }

  static constexpr auto most = poll_calendar::most_background;
  poll_calendar calendar_;
  milliseconds early_{};

private:
  std::vector<std::string> names_{"a", "b", "y", "z"};
  std::list<std::string> more_; ///< names stay where they are
};

TEST_F(PollCalendar, GivesNothingBeforeItIsDue) {
  EXPECT_FALSE(next());
  background("a", 1000);
  awaited("b", 2000);
  EXPECT_EQ(next(), milliseconds{1000});
  EXPECT_EQ(taken(999), "");
  EXPECT_EQ(taken(1000), "a");
  EXPECT_EQ(next(1), milliseconds{2000});
  EXPECT_EQ(taken(1999, 1), "");
  EXPECT_EQ(taken(2000, 1), "b");
  EXPECT_FALSE(next(1));
}

TEST_F(PollCalendar, OneWakeUpServesBackgroundPollsThatAreDueSoon) {
  early_ = poll_calendar::early(milliseconds{8000});
  EXPECT_EQ(early_, milliseconds{500});
  background("a", 1000);
  background("b", 1500);
  background("y", 1501);
  awaited("z", 1001);
  EXPECT_EQ(next(), milliseconds{1000}) << "the timer rings for what is due";
  EXPECT_EQ(taken(1000), "ab");
}

TEST_F(PollCalendar, AShortPauseIsKept) {
  EXPECT_EQ(poll_calendar::early(milliseconds{80}), milliseconds{10});
  EXPECT_EQ(poll_calendar::early(milliseconds{0}), milliseconds{0});
}

TEST_F(PollCalendar, AwaitedPollsAreNotLimitedTheOthersShareABound) {
  many(2 * most, 1000);
  awaited("y", 1000);
  awaited("z", 1000);
  EXPECT_EQ(taken(1000), "yz" + std::string(most, 'm'));
  EXPECT_EQ(taken(1001, most), "") << "they are not answered";
  EXPECT_EQ(taken(1002, most - 1), "m");
  EXPECT_EQ(taken(1003, 1), std::string(most - 1, 'm'));
  EXPECT_FALSE(next());
}

TEST_F(PollCalendar, AnAwaitedPollIsNeverBehindBackgroundPolls) {
  many(2 * most, 1000);
  EXPECT_EQ(taken(5000).size(), most);
  awaited("y", 6000);
  EXPECT_EQ(next(most), milliseconds{6000});
  EXPECT_EQ(taken(6000, most), "y");
}

TEST_F(PollCalendar, WhatFallsBehindByMaxGoesWhateverIsInFlight) {
  many(most + 1, 1000);
  EXPECT_EQ(taken(1000).size(), most);
  EXPECT_EQ(next(most), milliseconds{1000 + 60000});
  EXPECT_EQ(taken(60999, most), "");
  EXPECT_EQ(taken(61000, most), "m");
}

TEST_F(PollCalendar, ARemovedOneIsNotTaken) {
  background("a", 100);
  awaited("b", 100);
  calendar_.remove(at("a", 100, false));
  calendar_.remove(at("b", 100, true));
  EXPECT_EQ(taken(1000), "");
  EXPECT_FALSE(next());
}

/// Ten thousand pools that were written together and are answered at once.
TEST_F(PollCalendar, TenThousandSettledPoolsAllHaveTheirTurnAndNotAtOnce) {
  struct pool {
    std::string name;
    poll_schedule schedule;
    int polls = 0;
  };
  constexpr std::size_t count = 10000;
  std::mt19937 generator{7};
  std::uniform_real_distribution<double> random{0, 1};
  std::vector<pool> pools(count);
  const auto add = [&](int now, milliseconds pause, const std::string& name) {
    calendar_.add({milliseconds{now} + pause, &name, false, poll_calendar::early(pause)});
  };
  for (std::size_t i = 0; i < count; ++i)
    pools[i].name = std::to_string(i);
  for (auto& each : pools)
    add(0, each.schedule.next(pauses, true, random(generator)), each.name);
  constexpr int end = 600000;
  std::vector<std::size_t> in_second(end / 1000);
  for (int now = 0; now < end; now += 10) {
    // Answers take ten milliseconds, so as many go at once as may be in flight.
    std::size_t in_flight = 0;
    while (const auto what = calendar_.take(pauses, milliseconds{now}, in_flight)) {
      ++in_flight;
      ++in_second[static_cast<std::size_t>(now) / 1000];
      auto& item = pools[std::stoul(*what->pool)];
      ++item.polls;
      add(now, item.schedule.next(pauses, true, random(generator)), item.name);
    }
    ASSERT_LE(in_flight, most);
  }
  for (const auto& each : pools)
    ASSERT_GE(each.polls, 600 / 60 - 1);
  // Each is polled once within 45 to 60 seconds, and they have drifted apart by now.
  const auto settled = in_second.begin() + 300;
  EXPECT_LT(*std::max_element(settled, in_second.end()), count / 10);
}

} // namespace
} // namespace dklb::domain
