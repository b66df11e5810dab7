#include "domain/base/line_limit.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace dklb::domain;
using namespace std::chrono_literals;

namespace {

std::size_t logged(line_limit& limit, const std::string& cause, std::size_t lines,
                   line_limit::time now) {
  std::size_t count = 0;
  for (std::size_t line = 0; line < lines; ++line)
    count += limit.allow(cause, now) ? 1U : 0U;
  return count;
}

TEST(LineLimit, LetsTenLinesOfACauseThroughInAMinute) {
  line_limit limit;
  EXPECT_EQ(logged(limit, "pool transport", 1000, 5s), 10U);
  EXPECT_EQ(logged(limit, "pool transport", 1000, 64s), 0U);
  EXPECT_EQ(logged(limit, "pool transport", 1000, 65s), 10U);
}

TEST(LineLimit, SaysHowManyWereLeftOut) {
  line_limit limit;
  EXPECT_EQ(limit.allow("a", 0s), 0U);
  logged(limit, "a", 109, 1s);
  EXPECT_EQ(limit.allow("a", 60s), 100U);
  EXPECT_EQ(limit.allow("a", 60s), 0U);
}

TEST(LineLimit, CountsEachCauseByItself) {
  line_limit limit;
  logged(limit, "a", 1000, 0s);
  EXPECT_EQ(limit.allow("b", 0s), 0U);
}

TEST(LineLimit, RemembersNoMoreCausesThanItsBound) {
  line_limit limit;
  for (std::size_t number = 0; number < line_limit::most_causes; ++number)
    EXPECT_TRUE(limit.allow(std::to_string(number), 0s));
  std::size_t count = 0;
  for (int number = 1000; number < 2000; ++number)
    count += limit.allow(std::to_string(number), 1s) ? 1U : 0U;
  EXPECT_EQ(count, line_limit::burst) << "the rest is one cause";
  EXPECT_TRUE(limit.allow("7", 2s)) << "a known one goes on";
  EXPECT_EQ(logged(limit, "new", 20, 90s), 10U) << "the old ones are forgotten";
}

} // namespace
