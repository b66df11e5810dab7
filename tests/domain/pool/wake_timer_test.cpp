#include "domain/pool/wake_timer.hpp"

#include <gtest/gtest.h>

namespace dklb::domain {
namespace {

using std::chrono::milliseconds;

TEST(WakeTimer, SendsOneMessageUnlessAnEarlierOneIsNeeded) {
  wake_timer timer;
  EXPECT_EQ(timer.arm(milliseconds{200}), 1U);
  EXPECT_FALSE(timer.arm(milliseconds{200}));
  EXPECT_FALSE(timer.arm(milliseconds{300}));
  EXPECT_EQ(timer.arm(milliseconds{100}), 2U);
  EXPECT_FALSE(timer.came(1)) << "the later one is stale";
  EXPECT_TRUE(timer.came(2));
}

TEST(WakeTimer, IsArmedAgainOnceItsMessageHasCome) {
  wake_timer timer;
  EXPECT_FALSE(timer.came(0)) << "nothing is armed";
  const auto first = timer.arm(milliseconds{100});
  EXPECT_TRUE(timer.came(*first));
  EXPECT_FALSE(timer.came(*first));
  const auto second = timer.arm(milliseconds{300});
  ASSERT_TRUE(second);
  EXPECT_NE(first, second);
  EXPECT_TRUE(timer.came(*second));
}

} // namespace
} // namespace dklb::domain
