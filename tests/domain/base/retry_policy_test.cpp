#include "domain/base/retry_policy.hpp"

#include <gtest/gtest.h>

#include <chrono>

using namespace dklb::domain;
using namespace std::chrono_literals;

namespace {

constexpr backoff_settings usual;

TEST(Backoff, DoublesFromTheBaseUpToTheCap) {
  backoff policy;
  for (const auto expected : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s})
    EXPECT_EQ(policy.next(usual), expected);
  EXPECT_EQ(policy.attempts(), 8U);
}

TEST(Backoff, StartsAgainAfterSuccess) {
  backoff policy;
  policy.next(usual);
  policy.next(usual);
  policy.reset();
  EXPECT_EQ(policy.attempts(), 0U);
  EXPECT_EQ(policy.next(usual), 5s);
}

TEST(Backoff, ObeysRetryAfterExactlyAndCountsTheFailure) {
  backoff policy;
  EXPECT_EQ(policy.next(usual, 17s), 17s);
  EXPECT_EQ(policy.next(usual, 0ms), 0ms);
  EXPECT_EQ(policy.next(usual, 1h), 1h);
  EXPECT_EQ(policy.next(usual), 40s);
}

TEST(Backoff, SpreadsByJitterBehindTheCap) {
  constexpr backoff_settings spread{.base = 800ms, .max = 30s, .factor = 2.0, .jitter = 1.0};
  backoff policy;
  EXPECT_EQ(policy.next(spread, {}, 0.0), 800ms);
  EXPECT_EQ(policy.next(spread, {}, 0.5), 2400ms);
  EXPECT_EQ(policy.next(spread, {}, 0.25), 4s);
  for (int failures = 0; failures < 20; ++failures)
    policy.next(spread);
  EXPECT_EQ(policy.next(spread, {}, 0.0), 30s);
  EXPECT_EQ(policy.next(spread, {}, 0.5), 45s);
}

TEST(Backoff, StaysAtTheCapHoweverLongItFails) {
  constexpr backoff_settings slow{.base = 1ms, .max = 2min};
  backoff policy;
  for (int failures = 0; failures < 5000; ++failures)
    policy.next(slow);
  EXPECT_EQ(policy.next(slow), 2min);
  backoff immediate;
  for (int failures = 0; failures < 5000; ++failures)
    EXPECT_EQ(immediate.next({.base = 0ms, .max = 2min}), 0ms);
}

TEST(Backoff, TakesChangedSettingsAtTheNextFailure) {
  backoff policy;
  policy.next({.base = 5s, .max = 5min});
  policy.next({.base = 5s, .max = 5min});
  EXPECT_EQ(policy.next({.base = 1s, .max = 5min}), 4s) << "the failures so far still count";
  EXPECT_EQ(policy.next({.base = 1s, .max = 3s}), 3s);
  EXPECT_EQ(policy.attempts(), 4U);
}

TEST(RestartDelays, GrowForEachNameByItself) {
  restart_delays delays{{.base = 100ms, .max = 300ms}};
  EXPECT_EQ(delays.next("a", 0s, 60s), 100ms);
  EXPECT_EQ(delays.next("a", 30s, 60s), 200ms);
  EXPECT_EQ(delays.next("b", 31s, 60s), 100ms);
  EXPECT_EQ(delays.next("a", 80s, 60s), 300ms);
}

TEST(RestartDelays, AreForgottenAfterAQuietTime) {
  restart_delays delays{{.base = 100ms, .max = 300ms}};
  EXPECT_EQ(delays.next("a", 0s, 60s), 100ms);
  EXPECT_EQ(delays.next("a", 59s, 60s), 200ms);
  EXPECT_EQ(delays.next("a", 119s, 60s), 100ms);
  delays.forget("a");
  EXPECT_EQ(delays.next("a", 120s, 60s), 100ms);
}

TEST(RestartDelays, TakeAChangedQuietTimeAtOnce) {
  restart_delays delays{{.base = 100ms, .max = 300ms}};
  EXPECT_EQ(delays.next("a", 0s, 60s), 100ms);
  EXPECT_EQ(delays.next("a", 30s, 10s), 100ms);
  EXPECT_EQ(delays.next("a", 80s, 120s), 200ms);
}

TEST(RestartIntensity, GivesUpBehindTheLimitWithinTheWindow) {
  const restart_limit limit{3, 60s};
  restart_intensity intensity;
  EXPECT_TRUE(intensity.allow(limit, 0s));
  EXPECT_TRUE(intensity.allow(limit, 1s));
  EXPECT_TRUE(intensity.allow(limit, 2s));
  EXPECT_FALSE(intensity.allow(limit, 3s));
  EXPECT_FALSE(intensity.allow(limit, 4s));
}

TEST(RestartIntensity, ForgetsWhatIsOlderThanTheWindow) {
  const restart_limit limit{2, 10s};
  restart_intensity intensity;
  EXPECT_TRUE(intensity.allow(limit, 100s));
  EXPECT_TRUE(intensity.allow(limit, 105s));
  EXPECT_TRUE(intensity.allow(limit, 110s));
  EXPECT_FALSE(intensity.allow(limit, 114s));
  EXPECT_TRUE(intensity.allow(limit, 200s));
}

TEST(RestartIntensity, AllowsNoneWhereTheLimitIsZero) {
  const restart_limit limit{0, 60s};
  restart_intensity intensity;
  EXPECT_FALSE(intensity.allow(limit, 0s));
  EXPECT_FALSE(intensity.allow(limit, 1h));
}

TEST(RestartIntensity, TakesAChangedLimitAtOnce) {
  restart_intensity intensity;
  EXPECT_TRUE(intensity.allow({3, 60s}, 0s));
  EXPECT_TRUE(intensity.allow({3, 60s}, 1s));
  EXPECT_FALSE(intensity.allow({1, 60s}, 2s));
  EXPECT_TRUE(intensity.allow({5, 60s}, 3s));
  EXPECT_TRUE(intensity.allow({1, 2s}, 10s));
}

} // namespace
