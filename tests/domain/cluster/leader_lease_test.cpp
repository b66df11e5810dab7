// What a candidate for leadership does, by the record it sees and its own clock.
#include "domain/cluster/leader_lease.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace dklb::domain {

void PrintTo(const lease_step& step, std::ostream* out) { // NOLINT
  static constexpr const char* names[] = {"read", "create", "take_over", "renew", "wait", "lost"};
  *out << names[static_cast<int>(step.action)] << " after " << step.delay.count() << " ms";
}

} // namespace dklb::domain

namespace dklb::tests {
namespace {

using namespace std::chrono_literals;
using domain::error;
using domain::error_code;
using domain::lease_action;
using domain::lease_elector;
using domain::lease_record;
using domain::lease_step;
using std::chrono::sys_days;

const lease_record::wall_time wall = sys_days{2024y / 5 / 1};

constexpr lease_step step_read{lease_action::read, 0ms};
constexpr lease_step step_create{lease_action::create, 0ms};
constexpr lease_step step_take_over{lease_action::take_over, 0ms};
constexpr lease_step step_renew{lease_action::renew, 0ms};
constexpr lease_step step_lost{lease_action::lost, 0ms};
constexpr lease_step step_wait(std::chrono::milliseconds delay) {
  return {lease_action::wait, delay};
}

lease_elector candidate() {
  domain::lease_settings settings;
  settings.identity = "us";
  return lease_elector{settings};
}

lease_record held_by(const std::string& holder, const std::string& version = "1") {
  lease_record record;
  record.holder = holder;
  record.acquired = wall;
  record.renewed = wall;
  record.transitions = 4;
  record.version = version;
  return record;
}

/// One whose renewal that was sent at `sent` succeeded.
lease_elector leader(std::chrono::milliseconds sent) {
  auto elector = candidate();
  elector.read(std::nullopt, sent);
  elector.written(held_by("us"), sent);
  return elector;
}

/// As its holder leaves it at an orderly end.
lease_record released() {
  auto record = held_by("");
  record.duration = 1s;
  return record;
}

const error timed_out{error_code::timeout, "", {}, 0};
const error conflict{error_code::conflict, "", {}, 409};

TEST(LeaseElector, ItReadsFirst) {
  EXPECT_EQ(candidate().next(5s, 0), step_read);
}

TEST(LeaseElector, AMissingLeaseIsCreated) {
  auto elector = candidate();
  elector.read(std::nullopt, 5s);
  EXPECT_EQ(elector.next(5s, 0), step_create);
  const auto record = elector.desired(wall + 3s);
  EXPECT_EQ(record.holder, "us");
  EXPECT_EQ(record.duration, 15s);
  EXPECT_EQ(record.acquired, wall + 3s);
  EXPECT_EQ(record.renewed, wall + 3s);
  EXPECT_EQ(record.transitions, 0);
  EXPECT_EQ(record.version, "");
}

TEST(LeaseElector, AReleasedLeaseIsTakenOverAtOnce) {
  auto elector = candidate();
  elector.read(released(), 5s);
  EXPECT_EQ(elector.next(5s, 0), step_take_over);
  const auto record = elector.desired(wall + 3s);
  EXPECT_EQ(record.transitions, 5);
  EXPECT_EQ(record.acquired, wall + 3s);
  EXPECT_EQ(record.version, "1");
}

TEST(LeaseElector, ALeaseThatSomebodyElseEmptiedIsNotReleased) {
  auto elector = candidate();
  elector.read(held_by("them", "1"), 5s);
  elector.read(held_by("", "2"), 6s);
  EXPECT_EQ(elector.next(6s, 0), step_wait(2s)) << "its holder may not know yet";
  elector.read(held_by("", "2"), 21s);
  EXPECT_EQ(elector.next(21s, 0), step_take_over);
}

TEST(LeaseElector, ALeaseThatWasDeletedWhileItWasHeldIsHeldUntilItWouldHaveExpired) {
  auto elector = candidate();
  elector.read(held_by("them"), 5s);
  elector.read(std::nullopt, 7s);
  EXPECT_EQ(elector.next(7s, 0), step_wait(2s));
  EXPECT_EQ(elector.next(9s, 0), step_read);
  elector.read(std::nullopt, 19999ms);
  EXPECT_NE(elector.next(19999ms, 0), step_create);
  elector.read(std::nullopt, 20s);
  EXPECT_EQ(elector.next(20s, 0), step_create);
}

TEST(LeaseElector, AFollowerAsksAgainAfterTheRetryPeriodTimesOneToTwoPointTwo) {
  auto elector = candidate();
  elector.read(held_by("them"), 5s);
  EXPECT_EQ(elector.next(5s, 0), step_wait(2000ms));
  EXPECT_EQ(elector.next(5s, 0.5), step_wait(3200ms));
  EXPECT_EQ(elector.next(7s, 0), step_read);
  EXPECT_FALSE(elector.leads(7s));
  EXPECT_EQ(elector.holder(), "them");
}

TEST(LeaseElector, ExpiryCountsFromWhenTheRecordWasFirstSeenAsItIs) {
  auto elector = candidate();
  elector.read(held_by("them"), 5s);
  elector.read(held_by("them"), 19999ms);
  EXPECT_EQ(elector.next(21999ms, 0), step_read) << "not expired when it was last looked at";
  elector.read(held_by("them"), 21999ms);
  EXPECT_EQ(elector.next(21999ms, 0), step_take_over);
}

TEST(LeaseElector, AnyChangeOfTheRecordStartsTheExpiryAnew) {
  auto elector = candidate();
  elector.read(held_by("them", "1"), 5s);
  elector.read(held_by("them", "2"), 19s);
  elector.read(held_by("them", "2"), 33s);
  EXPECT_EQ(elector.next(33s, 0), step_wait(2s));
  elector.read(held_by("them", "2"), 34s);
  EXPECT_EQ(elector.next(34s, 0), step_take_over);
}

TEST(LeaseElector, ExpiryIsTheHoldersDurationNotOurs) {
  auto record = held_by("them");
  record.duration = 60s;
  auto elector = candidate();
  elector.read(record, 0s);
  elector.read(record, 59s);
  EXPECT_EQ(elector.next(59s, 0), step_wait(2s));
  elector.read(record, 60s);
  EXPECT_EQ(elector.next(60s, 0), step_take_over);
}

TEST(LeaseElector, ATimeInTheRecordIsNeverComparedWithAClock) {
  auto record = held_by("them");
  record.renewed = wall - std::chrono::years{20};
  auto elector = candidate();
  elector.read(record, 5s);
  EXPECT_EQ(elector.next(5s, 0), step_wait(2s));
}

TEST(LeaseElector, AFollowerThatWasTooLateReadsAgainAfterTheRetryPeriod) {
  for (const auto& failure : {conflict, timed_out}) {
    auto elector = candidate();
    elector.read(released(), 5s);
    elector.failed(failure, 5s, 6s);
    EXPECT_EQ(elector.next(6s, 0), step_wait(2s));
    EXPECT_EQ(elector.next(8s, 0), step_read);
  }
}

TEST(LeaseElector, AFollowerWaitsAsLongAsTheServerAsks) {
  auto elector = candidate();
  auto throttled = timed_out;
  throttled.retry_after = 7s;
  elector.failed(throttled, 5s, 5s);
  EXPECT_EQ(elector.next(5s, 0), step_wait(7s));
}

TEST(LeaseElector, ALeaderRenewsEveryRetryPeriodAndKeepsWhenItBegan) {
  auto elector = leader(10s);
  EXPECT_TRUE(elector.leads(10s));
  EXPECT_EQ(elector.next(10s, 0.9), step_wait(2s)) << "no jitter for the leader";
  EXPECT_EQ(elector.next(12s, 0), step_renew);
  const auto record = elector.desired(wall + 9s);
  EXPECT_EQ(record.acquired, wall);
  EXPECT_EQ(record.renewed, wall + 9s);
  EXPECT_EQ(record.transitions, 4);
  EXPECT_EQ(record.version, "1");
}

TEST(LeaseElector, LeadershipLastsTheRenewDeadlineFromWhenTheRenewalWasSent) {
  auto elector = leader(10s);
  EXPECT_EQ(elector.leads_until(), 20s);
  EXPECT_TRUE(elector.leads(19999ms));
  EXPECT_FALSE(elector.leads(20s));
  EXPECT_EQ(elector.next(20s, 0), step_lost);
}

TEST(LeaseElector, ALeaderTriesAgainWithoutDelayWhereTheFailureTookLong) {
  auto elector = leader(10s);
  elector.failed(timed_out, 12s, 17s);
  EXPECT_EQ(elector.next(17s, 0), step_read);
  elector.failed(timed_out, 17s, 17500ms);
  EXPECT_EQ(elector.next(17500ms, 0), step_wait(1500ms));
  EXPECT_EQ(elector.next(19500ms, 0), step_read);
  elector.failed(timed_out, 19500ms, 19600ms);
  EXPECT_EQ(elector.next(19600ms, 0), step_wait(400ms)) << "the deadline comes before the next try";
  EXPECT_EQ(elector.next(20s, 0), step_lost);
}

TEST(LeaseElector, ARenewalWhoseOutcomeIsUnknownIsFollowedByARead) {
  auto elector = leader(10s);
  elector.failed(timed_out, 12s, 14s);
  EXPECT_EQ(elector.next(14s, 0), step_read);
  elector.read(held_by("us", "2"), 14s);
  EXPECT_EQ(elector.next(14s, 0), step_renew);
  EXPECT_EQ(elector.desired(wall).version, "2");
  EXPECT_EQ(elector.leads_until(), 20s) << "a read is no renewal";
}

TEST(LeaseElector, AConflictIsLookedIntoAtOnce) {
  auto elector = leader(10s);
  elector.failed(conflict, 12s, 12s);
  EXPECT_EQ(elector.next(12s, 0), step_read);
}

TEST(LeaseElector, WhatSomebodyElseHoldsIsLostForGood) {
  auto elector = leader(10s);
  elector.failed(conflict, 12s, 12s);
  elector.read(held_by("them", "2"), 12s);
  EXPECT_FALSE(elector.leads(12s));
  EXPECT_EQ(elector.next(12s, 0), step_lost);
  EXPECT_EQ(elector.next(60s, 0), step_lost);
}

TEST(LeaseElector, AReleaseBySomebodyElsesHandIsALossToo) {
  auto elector = leader(10s);
  elector.failed(conflict, 12s, 12s);
  elector.read(held_by("", "2"), 12s);
  EXPECT_EQ(elector.next(12s, 0), step_lost);
}

TEST(LeaseElector, ADeletedLeaseIsCreatedAgainByItsLeader) {
  auto elector = leader(10s);
  elector.failed({error_code::not_found, "", {}, 404}, 12s, 12s);
  EXPECT_EQ(elector.next(14s, 0), step_read);
  elector.read(std::nullopt, 14s);
  EXPECT_EQ(elector.next(14s, 0), step_create);
}

TEST(LeaseElector, ATakeOverWhoseAnswerWasCutIsRecognised) {
  auto elector = candidate();
  elector.read(released(), 5s);
  elector.failed(timed_out, 5s, 6s);
  elector.read(held_by("us", "2"), 8s);
  EXPECT_EQ(elector.next(8s, 0), step_take_over);
  EXPECT_EQ(elector.desired(wall + 9s).transitions, 4) << "it is ours already";
  EXPECT_FALSE(elector.leads(8s)) << "only a success that was seen counts";
}

TEST(LeaseElector, AnOrderlyEndHandsTheLeaseBack) {
  const auto record = leader(10s).released(wall + 9s);
  EXPECT_EQ(record.holder, "");
  EXPECT_EQ(record.duration, 1s);
  EXPECT_EQ(record.transitions, 4);
  EXPECT_EQ(record.version, "1");
}

TEST(LeaseSettings, ARequestMayTakeHalfTheDeadlineButASecondAtLeast) {
  EXPECT_EQ(domain::lease_request_timeout({"us", 15s, 10s, 2s}), 5s);
  EXPECT_EQ(domain::lease_request_timeout({"us", 3s, 1500ms, 1s}), 1s);
}

} // namespace
} // namespace dklb::tests
