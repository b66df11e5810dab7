#include "domain/base/write_back_limit.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace dklb::domain {
namespace {

using time = write_back_limit::time;
using namespace std::chrono_literals;

/// When it was put back, where another program changes it again after `pause` each time.
std::vector<time> fight(write_back_limit& limit, time pause, time from, time until) {
  std::vector<time> out;
  for (auto now = from; now <= until;) {
    const auto wait = limit.put_back(now);
    if (wait == 0ms)
      out.push_back(now);
    now += wait == 0ms ? pause : wait;
  }
  return out;
}

TEST(WriteBackLimit, TheFirstTimeIsAtOnceAndTheRestGrowsToAMinute) {
  write_back_limit limit;
  const auto times = fight(limit, 15ms, 5s, 400s);
  const std::vector<time> expected{5s, 6s, 8s, 12s, 20s, 36s, 68s, 128s, 188s, 248s, 308s, 368s};
  EXPECT_EQ(times, expected);
}

TEST(WriteBackLimit, ASlowProgramIsNotHeldUp) {
  write_back_limit limit;
  EXPECT_EQ(fight(limit, 100s, 5s, 405s).size(), 5U);
}

TEST(WriteBackLimit, OnceOrTwiceIsNoContest) {
  write_back_limit limit;
  EXPECT_FALSE(limit.contested(5s));
  EXPECT_EQ(limit.put_back(5s), 0ms);
  EXPECT_FALSE(limit.contested(5s));
  EXPECT_EQ(limit.put_back(5500ms), 500ms);
  EXPECT_EQ(limit.put_back(6s), 0ms);
  EXPECT_FALSE(limit.contested(6s));
  EXPECT_EQ(limit.put_back(8s), 0ms);
  EXPECT_TRUE(limit.contested(8s));
}

TEST(WriteBackLimit, QuietForgetsIt) {
  write_back_limit limit;
  (void)fight(limit, 15ms, 5s, 100s);
  const time last = 68s;
  EXPECT_TRUE(limit.contested(last + write_back_limit::quiet - 1ms));
  EXPECT_FALSE(limit.over(last + write_back_limit::quiet - 1ms));
  const auto later = last + write_back_limit::quiet;
  EXPECT_FALSE(limit.contested(later));
  EXPECT_TRUE(limit.over(later));
  EXPECT_EQ(limit.put_back(later), 0ms);
  EXPECT_FALSE(limit.contested(later));
  EXPECT_EQ(limit.put_back(later + 1ms), 999ms) << "it begins anew";
}

} // namespace
} // namespace dklb::domain
