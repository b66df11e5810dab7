// Which page, watch or pause follows on what (docs/kubernetes.md, "List and watch").
#include "http/kube/watch/list_watch.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

namespace dklb::http::kube {

void PrintTo(const list_watch_step& step, std::ostream* out) { // NOLINT
  static constexpr const char* names[] = {"list", "watch", "stream"};
  *out << names[static_cast<int>(step.action)] << " after " << step.delay.count() << " ms";
}

void PrintTo(const list_query& query, std::ostream* out) { // NOLINT
  *out << "version '" << query.resource_version << "' limit " << query.limit << " continue '"
       << query.continue_token << "'";
}

} // namespace dklb::http::kube

namespace dklb::tests {
namespace {

using domain::error;
using domain::error_code;
using namespace std::chrono_literals;
using http::kube::list_query;
using http::kube::list_watch;
using http::kube::list_watch_action;
using http::kube::list_watch_step;

constexpr auto action_list = list_watch_action::list;
constexpr auto action_watch = list_watch_action::watch;
constexpr auto action_stream = list_watch_action::stream;

error failure(error_code code, int status = 0, std::string message = "") {
  return {code, std::move(message), {}, status};
}

const error expired = failure(error_code::gone, 410);
const error too_large =
  failure(error_code::unavailable, 504, "Timeout: Too large resource version: 12, current: 7");

list_watch fresh(bool streaming = false) {
  http::kube::list_watch_settings settings;
  settings.streaming = streaming;
  return list_watch{settings};
}

/// One that has listed at version 7 and watches.
list_watch watching() {
  auto rules = fresh();
  EXPECT_EQ(rules.page_received({"7", ""}), (list_watch_step{action_watch, 0ms}));
  return rules;
}

TEST(ListWatch, TheFirstListIsPagedFromTheCache) {
  const auto rules = fresh();
  EXPECT_EQ(rules.first(), (list_watch_step{action_list, 0ms}));
  EXPECT_EQ(rules.next_list(), (list_query{"0", 500, ""}));
}

TEST(ListWatch, ALaterPageCarriesTheTokenAndNoVersion) {
  auto rules = fresh();
  EXPECT_EQ(rules.page_received({"7", "token"}), (list_watch_step{action_list, 0ms}));
  EXPECT_EQ(rules.next_list(), (list_query{"", 500, "token"}));
  EXPECT_EQ(rules.page_received({"7", ""}), (list_watch_step{action_watch, 0ms}));
  EXPECT_EQ(rules.version(), "7");
}

TEST(ListWatch, AnExpiredTokenLeadsToOneUnlimitedList) {
  auto rules = fresh();
  rules.page_received({"7", "token"});
  EXPECT_EQ(rules.list_failed(expired, 0ms, 0), (list_watch_step{action_list, 0ms}));
  EXPECT_EQ(rules.next_list(), (list_query{"0", 0, ""}));
  rules.list_failed(failure(error_code::timeout), 0ms, 0);
  EXPECT_EQ(rules.next_list(), (list_query{"0", 500, ""})) << "one unlimited list, not more";
}

TEST(ListWatch, AVersionThatIsGoneOrTooLargeIsLeftOutAtOnce) {
  for (const auto& reason : {expired, too_large}) {
    auto rules = watching();
    EXPECT_EQ(rules.list_failed(reason, 0ms, 0), (list_watch_step{action_list, 0ms}));
    EXPECT_EQ(rules.next_list(), (list_query{"", 500, ""}));
    EXPECT_EQ(rules.list_failed(reason, 0ms, 0), (list_watch_step{action_list, 800ms}))
      << "the second time the server is given time";
    rules.page_received({"9", ""});
    EXPECT_EQ(rules.next_list(), (list_query{"9", 0, ""}));
  }
}

TEST(ListWatch, AnotherGatewayTimeoutKeepsTheVersion) {
  auto rules = watching();
  EXPECT_EQ(rules.list_failed(failure(error_code::unavailable, 504, "upstream"), 0ms, 0),
            (list_watch_step{action_list, 800ms}));
  EXPECT_EQ(rules.next_list(), (list_query{"7", 0, ""}));
}

TEST(ListWatch, WhatFollowsOnARefusedWatch) {
  const std::pair<error, list_watch_action> table[] = {
    {failure(error_code::transport), action_watch},
    {failure(error_code::throttled, 429), action_watch},
    {expired, action_list},
    {failure(error_code::timeout), action_list},
    {failure(error_code::unavailable, 503), action_list},
    {failure(error_code::unauthorized, 401), action_list},
    {failure(error_code::forbidden, 403), action_list},
    {failure(error_code::not_found, 404), action_list},
    {failure(error_code::rejected, 422), action_list},
  };
  for (const auto& [reason, action] : table) {
    auto rules = watching();
    EXPECT_EQ(rules.watch_refused(reason, 0ms, 0), (list_watch_step{action, 800ms}))
      << to_string(reason.code);
  }
}

TEST(ListWatch, WhatFollowsOnAnErrorEvent) {
  const std::pair<error, list_watch_action> table[] = {
    {expired, action_list},
    {failure(error_code::throttled, 429), action_watch},
    {failure(error_code::unavailable, 500), action_list},
    {failure(error_code::malformed), action_list},
  };
  for (const auto& [reason, action] : table) {
    auto rules = watching();
    EXPECT_EQ(rules.watch_broken(reason, 0ms, 0), (list_watch_step{action, 800ms}))
      << to_string(reason.code);
  }
}

TEST(ListWatch, WhatFollowsOnTheEndOfAWatch) {
  struct expected {
    std::chrono::milliseconds lifetime;
    std::uint64_t events;
    list_watch_step step;
  };
  const expected table[] = {
    {300s, 10, {action_watch, 0ms}}, {300s, 0, {action_watch, 0ms}},   {1s, 0, {action_watch, 0ms}},
    {10ms, 1, {action_watch, 0ms}},  {999ms, 0, {action_list, 800ms}},
  };
  for (const auto& [lifetime, events, step] : table) {
    auto rules = watching();
    EXPECT_EQ(rules.watch_ended(lifetime, events, 0ms, 0), step)
      << lifetime.count() << " ms, " << events << " events";
  }
}

TEST(ListWatch, EventsMoveTheVersionAndAnEmptyOneDoesNot) {
  auto rules = watching();
  rules.version_seen("12");
  rules.version_seen("");
  EXPECT_EQ(rules.version(), "12");
  rules.watch_refused(expired, 0ms, 0);
  EXPECT_EQ(rules.next_list(), (list_query{"12", 0, ""})) << "a relist never goes back in time";
}

TEST(ListWatch, DelaysDoubleToTheirCapWithJitterAndStartAgainAfterQuiet) {
  auto rules = watching();
  auto now = 0ms;
  const auto next = [&](double random) {
    return rules.watch_refused(failure(error_code::transport), now, random).delay;
  };
  EXPECT_EQ(next(0), 800ms);
  EXPECT_EQ(next(0), 1600ms);
  EXPECT_EQ(next(0.5), 4800ms);
  for (int i = 0; i < 10; ++i)
    next(0);
  EXPECT_EQ(next(0), 30s);
  now += 2min;
  EXPECT_EQ(next(0), 30s) << "exactly two minutes are not more than two minutes";
  now += 2min + 1ms;
  EXPECT_EQ(next(0), 800ms);
}

TEST(ListWatch, ASuccessBetweenFailuresDoesNotResetTheDelay) {
  auto rules = watching();
  EXPECT_EQ(rules.watch_refused(expired, 0ms, 0).delay, 800ms);
  rules.page_received({"8", ""});
  EXPECT_EQ(rules.watch_refused(expired, 0ms, 0).delay, 1600ms);
}

TEST(ListWatch, RetryAfterIsObeyed) {
  auto rules = watching();
  auto throttled = failure(error_code::throttled, 429);
  throttled.retry_after = 7s;
  EXPECT_EQ(rules.watch_refused(throttled, 0ms, 0.9), (list_watch_step{action_watch, 7s}));
}

TEST(ListWatch, AStreamingListBecomesAWatchWithItsLastBookmark) {
  auto rules = fresh(true);
  EXPECT_EQ(rules.first(), (list_watch_step{action_stream, 0ms}));
  rules.version_seen("5");
  EXPECT_TRUE(rules.initial_events_ended());
  EXPECT_FALSE(rules.initial_events_ended());
  EXPECT_EQ(rules.watch_ended(300s, 3, 0ms, 0), (list_watch_step{action_watch, 0ms}));
  EXPECT_EQ(rules.version(), "5");
}

TEST(ListWatch, AStreamThatEndsBeforeItsBookmarkIsBegunAgain) {
  auto rules = fresh(true);
  EXPECT_EQ(rules.watch_ended(300s, 3, 0ms, 0), (list_watch_step{action_stream, 800ms}));
}

TEST(ListWatch, WhereStreamingListsAreRefusedItIsListedFromThenOn) {
  // A server that does not have them; an account that may list and not watch.
  for (const int status : {422, 403}) {
    auto rules = fresh(true);
    EXPECT_EQ(rules.watch_refused(failure(error_code::rejected, status), 0ms, 0),
              (list_watch_step{action_list, 0ms}));
    rules.page_received({"7", ""});
    EXPECT_EQ(rules.watch_broken(expired, 0ms, 0), (list_watch_step{action_list, 800ms}));
  }
}

} // namespace
} // namespace dklb::tests
