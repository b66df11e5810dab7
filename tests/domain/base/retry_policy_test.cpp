#include "domain/base/retry_policy.hpp"

#include <gtest/gtest.h>

#include <chrono>

using namespace dklb::domain;
using namespace std::chrono_literals;

namespace {

TEST(Backoff, DoublesFromTheBaseUpToTheCap) {
  backoff policy;
  for (const auto expected : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s})
    EXPECT_EQ(policy.next(), expected);
  EXPECT_EQ(policy.attempts(), 8U);
}

TEST(Backoff, StartsAgainAfterSuccess) {
  backoff policy;
  policy.next();
  policy.next();
  policy.reset();
  EXPECT_EQ(policy.attempts(), 0U);
  EXPECT_EQ(policy.next(), 5s);
}

TEST(Backoff, ObeysRetryAfterExactlyAndCountsTheFailure) {
  backoff policy;
  EXPECT_EQ(policy.next(17s), 17s);
  EXPECT_EQ(policy.next(0ms), 0ms);
  EXPECT_EQ(policy.next(1h), 1h);
  EXPECT_EQ(policy.next(), 40s);
}

TEST(Backoff, SpreadsByJitterBehindTheCap) {
  backoff policy{{.base = 800ms, .max = 30s, .factor = 2.0, .jitter = 1.0}};
  EXPECT_EQ(policy.next({}, 0.0), 800ms);
  EXPECT_EQ(policy.next({}, 0.5), 2400ms);
  EXPECT_EQ(policy.next({}, 0.25), 4s);
  for (int failures = 0; failures < 20; ++failures)
    policy.next();
  EXPECT_EQ(policy.next({}, 0.0), 30s);
  EXPECT_EQ(policy.next({}, 0.5), 45s);
}

TEST(Backoff, StaysAtTheCapHoweverLongItFails) {
  backoff policy{{.base = 1ms, .max = 2min}};
  for (int failures = 0; failures < 5000; ++failures)
    policy.next();
  EXPECT_EQ(policy.next(), 2min);
  backoff immediate{{.base = 0ms, .max = 2min}};
  for (int failures = 0; failures < 5000; ++failures)
    EXPECT_EQ(immediate.next(), 0ms);
}

TEST(RestartDelays, GrowForEachNameByItself) {
  restart_delays delays{{.base = 100ms, .max = 300ms}, 60s};
  EXPECT_EQ(delays.next("a", 0s), 100ms);
  EXPECT_EQ(delays.next("a", 30s), 200ms);
  EXPECT_EQ(delays.next("b", 31s), 100ms);
  EXPECT_EQ(delays.next("a", 80s), 300ms);
}

TEST(RestartDelays, AreForgottenAfterAQuietTime) {
  restart_delays delays{{.base = 100ms, .max = 300ms}, 60s};
  EXPECT_EQ(delays.next("a", 0s), 100ms);
  EXPECT_EQ(delays.next("a", 59s), 200ms);
  EXPECT_EQ(delays.next("a", 119s), 100ms);
  delays.forget("a");
  EXPECT_EQ(delays.next("a", 120s), 100ms);
}

TEST(RestartIntensity, GivesUpBehindTheLimitWithinTheWindow) {
  restart_intensity intensity{3, 60s};
  EXPECT_TRUE(intensity.allow(0s));
  EXPECT_TRUE(intensity.allow(1s));
  EXPECT_TRUE(intensity.allow(2s));
  EXPECT_FALSE(intensity.allow(3s));
  EXPECT_FALSE(intensity.allow(4s));
}

TEST(RestartIntensity, ForgetsWhatIsOlderThanTheWindow) {
  restart_intensity intensity{2, 10s};
  EXPECT_TRUE(intensity.allow(100s));
  EXPECT_TRUE(intensity.allow(105s));
  EXPECT_TRUE(intensity.allow(110s));
  EXPECT_FALSE(intensity.allow(114s));
  EXPECT_TRUE(intensity.allow(200s));
}

TEST(RestartIntensity, AllowsNoneWhereTheLimitIsZero) {
  restart_intensity intensity{0, 60s};
  EXPECT_FALSE(intensity.allow(0s));
  EXPECT_FALSE(intensity.allow(1h));
}

} // namespace
