// What a pool does upon each event, in words: one for each effect.
#include "domain/pool/pool_machine.hpp"

#include "tests/domain/support/plan_support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>

namespace dklb::domain::testing {
namespace {

using namespace std::chrono_literals;
using namespace pool_effects;

class PoolMachine : public ::testing::Test {
protected:
  using effects = pool_machine::effects;

  explicit PoolMachine(bool gate_open = true) : gate_open_(gate_open) {}

  /// The effects in words; what they carry is kept.
  std::string said(const effects& all) {
    std::string out;
    for (const auto& each : all)
      out += (out.empty() ? "" : ", ")
             + std::visit([this](const auto& what) { return word(what); }, each);
    return out;
  }
  std::string claim(std::string_view name, int port) {
    return said(
      machine_.claim(std::make_shared<const pool_claim>(testing::claim(name, {port})), now_));
  }
  std::string release(std::string_view name, bool leave_objects = false) {
    return said(machine_.release(key(name), {}, leave_objects, now_));
  }
  std::string absent() { return said(machine_.recalled(nullptr, true, now_)); }
  std::string nothing_known() { return said(machine_.recalled(nullptr, false, now_)); }
  std::string recalled(const pool_document& pool) {
    return said(machine_.recalled(snapshot(pool), false, now_));
  }
  std::string read_is(const pool_document& pool) {
    return said(machine_.read_answered(snapshot(pool), timing_, now_, 0));
  }
  std::string read_fails(error_code code) {
    return said(machine_.read_answered(error{code, "words", {}, 0}, timing_, now_, 0));
  }
  /// EdgeLB has it as it was written.
  std::string written() {
    const bool removed = write_.action == pool_action::remove;
    return said(
      machine_.write_answered(removed ? nullptr : snapshot(*write_.document), timing_, now_, 0));
  }
  std::string write_fails(error_code code, std::string words = "words") {
    return said(machine_.write_answered(error{code, std::move(words), {}, 0}, timing_, now_, 0));
  }
  std::string drift() { return said(machine_.drifted(now_)); }
  std::string gate(bool open) { return said(machine_.gate_changed(open, now_)); }
  /// The armed timer is due.
  std::string time_comes() {
    now_ += timer_.delay;
    return said(machine_.timer_due(timer_.purpose, timer_.epoch, now_));
  }
  /// Claims of a pool that EdgeLB has exactly so.
  void settle(std::initializer_list<std::pair<std::string_view, int>> claims) {
    for (const auto& [name, port] : claims)
      claim(name, port);
    absent();
    written();
    now_ += 1s;
    ASSERT_EQ(machine_.doing(), pool_activity::idle);
  }
  static pool_machine::snapshot_ptr snapshot(const pool_document& pool) {
    return std::make_shared<const pool_snapshot>(pool_snapshot{pool.dump(), 1});
  }

  bool gate_open_;
  pool_machine::time now_{1000000};
  pool_timing timing_;
  pool_machine machine_{std::make_shared<const pool_settings>(mesos_mode()), nullptr, gate_open_};
  write write_;
  arm_timer timer_;
  delay_claim delay_;
  settle_claim settle_;

private:
  std::string word(const recall&) { return "recall"; }
  std::string word(const pool_effects::read&) { return "read"; }
  std::string word(const write& what) {
    write_ = what;
    return to_string(what.action);
  }
  std::string word(const note_write&) { return "noted"; }
  std::string word(const report_seen& what) { return what.pool ? "seen" : "seen absent"; }
  std::string word(const settle_claim& what) {
    settle_ = what;
    return (what.refusal ? "refuse " : "serve ") + what.claim->service.name;
  }
  std::string word(const delay_claim& what) {
    delay_ = what;
    return "delay " + what.service.name;
  }
  std::string word(const confirm_release& what) { return "confirm " + what.service.name; }
  std::string word(const await_room&) { return "await room"; }
  std::string word(const find_port_users& what) { return "users " + what.claim->service.name; }
  std::string word(const poll_metadata& what) {
    return "poll " + std::to_string(what.claims.size()) + (what.now ? " now" : "");
  }
  std::string word(const arm_timer& what) {
    timer_ = what;
    return what.purpose == timer::wake ? "arm wake" : "arm retry";
  }
  std::string word(const note_failure&) { return "failed"; }
  std::string word(const note_success&) { return "works"; }
  std::string word(const warn& what) { return "warn of " + what.service.name; }
  std::string word(const log_retry&) { return "log"; }
  std::string word(const report_denied&) { return "denied"; }
  std::string word(const quit&) { return "quit"; }
};

TEST_F(PoolMachine, FirstClaimAsksTheInventoryAndCreates) {
  EXPECT_EQ(claim("a1", 80), "recall");
  EXPECT_EQ(absent(), "create");
  EXPECT_EQ(written(), "noted, seen, works, poll 1 now, serve a1");
  EXPECT_EQ(machine_.doing(), pool_activity::idle);
}

TEST_F(PoolMachine, SettledPoolIsNotReadNorWritten) {
  EXPECT_EQ(claim("a1", 80), "recall");
  EXPECT_EQ(recalled(settled({testing::claim("a1", {80})})), "seen, works, poll 1, serve a1");
  EXPECT_EQ(claim("a1", 80), "serve a1") << "a restarted owner has not heard it";
}

TEST_F(PoolMachine, RecalledDocumentIsReadBeforeItIsReplaced) {
  claim("a1", 80);
  EXPECT_EQ(recalled(pool()), "seen, read");
  EXPECT_EQ(read_is(pool()), "seen, replace");
}

TEST_F(PoolMachine, WhatComesDuringAReadIsInThePlanAfterIt) {
  claim("a1", 80);
  EXPECT_EQ(nothing_known(), "read");
  EXPECT_EQ(claim("b2", 81), "");
  EXPECT_EQ(read_fails(error_code::not_found), "seen absent, create");
  EXPECT_EQ(written(), "noted, seen, works, poll 2 now, serve a1, serve b2");
  EXPECT_EQ(machine_.doing(), pool_activity::idle);
}

TEST_F(PoolMachine, WhatComesDuringAWriteGoesOutTogetherAfterTheGap) {
  claim("a1", 80);
  absent();
  EXPECT_EQ(claim("b2", 81), "");
  EXPECT_EQ(claim("c3", 82), "");
  EXPECT_EQ(written(), "noted, seen, works, poll 1 now, serve a1, arm wake");
  EXPECT_EQ(timer_.delay, 250ms);
  EXPECT_EQ(claim("d4", 83), "") << "one timer is armed";
  const auto first = *write_.document;
  EXPECT_EQ(time_comes(), "read");
  EXPECT_EQ(read_is(first), "seen, replace");
  EXPECT_EQ(written(), "noted, seen, works, poll 4 now, serve b2, serve c3, serve d4");
}

TEST_F(PoolMachine, ChangedGapHoldsAfterTheNextWrite) {
  claim("a1", 80);
  absent();
  claim("b2", 81);
  timing_.write_gap = 40ms;
  written();
  EXPECT_EQ(timer_.delay, 40ms);
}

TEST_F(PoolMachine, ChangedRetryHoldsAtTheNextFailure) {
  claim("a1", 80);
  nothing_known();
  read_fails(error_code::transport);
  EXPECT_EQ(delay_.retry_in, 5000ms);
  timing_.retry_base = 100ms;
  time_comes();
  read_fails(error_code::transport);
  EXPECT_EQ(delay_.retry_in, 200ms) << "the failures so far still count";
  timing_.retry_max = 150ms;
  time_comes();
  read_fails(error_code::transport);
  EXPECT_EQ(std::pair(delay_.attempts, delay_.retry_in), std::pair(3U, 150ms));
}

TEST_F(PoolMachine, DriftDuringAReadIsLookedAtAgain) {
  settle({{"a1", 80}});
  EXPECT_EQ(drift(), "read");
  EXPECT_EQ(drift(), "");
  EXPECT_EQ(read_is(*write_.document), "seen, works, read");
  EXPECT_EQ(read_is(*write_.document), "seen, works");
}

TEST_F(PoolMachine, GateThatClosesDuringAReadLetsNothingBeWritten) {
  claim("a1", 80);
  nothing_known();
  EXPECT_EQ(gate(false), "");
  EXPECT_EQ(read_is(pool()), "seen");
  EXPECT_EQ(machine_.doing(), pool_activity::waiting);
  EXPECT_EQ(gate(true), "read");
  EXPECT_EQ(read_is(pool()), "seen, replace");
}

class PoolMachineBehindTheGate : public PoolMachine {
protected:
  PoolMachineBehindTheGate() : PoolMachine(false) {}
};

TEST_F(PoolMachineBehindTheGate, KeepsTheClaimAndBeginsWhenItOpens) {
  EXPECT_EQ(claim("a1", 80), "");
  EXPECT_EQ(drift(), "");
  EXPECT_EQ(gate(true), "read");
}

TEST_F(PoolMachine, ReleaseIsConfirmedAfterTheDeleteAndThePoolEnds) {
  settle({{"a1", 80}});
  const auto before = *write_.document;
  EXPECT_EQ(release("a1"), "read");
  EXPECT_EQ(read_is(before), "seen, remove");
  EXPECT_EQ(written(), "noted, seen absent, works, poll 0 now, confirm a1, quit");
}

TEST_F(PoolMachine, ReleaseIsNotConfirmedOnTheInventorysWord) {
  EXPECT_EQ(release("a1"), "recall");
  EXPECT_EQ(absent(), "read");
  EXPECT_EQ(read_fails(error_code::not_found), "seen absent, works, confirm a1, quit");
}

TEST_F(PoolMachine, ReleaseThatLeavesTheObjectsIsConfirmedAtOnce) {
  settle({{"a1", 80}, {"b2", 81}});
  EXPECT_EQ(release("a1", true), "confirm a1, read");
  EXPECT_EQ(read_is(*write_.document), "seen, works, poll 1");
}

TEST_F(PoolMachine, ClaimCallsItsReleaseOff) {
  settle({{"a1", 80}});
  EXPECT_EQ(release("a1"), "read");
  EXPECT_EQ(claim("a1", 80), "confirm a1");
  EXPECT_EQ(read_is(*write_.document), "seen, works, serve a1");
}

TEST_F(PoolMachine, AmbiguousFailureIsReadBeforeItIsWrittenAgain) {
  claim("a1", 80);
  absent();
  EXPECT_EQ(write_fails(error_code::transport), "failed, log, delay a1, arm wake");
  EXPECT_EQ(std::pair(delay_.attempts, delay_.retry_in), std::pair(1U, 5000ms));
  EXPECT_EQ(time_comes(), "read");
  EXPECT_EQ(read_is(*write_.document), "seen, works, poll 1, serve a1");
}

TEST_F(PoolMachine, ConflictIsReadAtOnceAndSilentlyButOnlyOnce) {
  claim("a1", 80);
  absent();
  EXPECT_EQ(write_fails(error_code::conflict), "failed, arm wake");
  EXPECT_EQ(timer_.delay, 250ms);
  time_comes();
  read_is(pool());
  EXPECT_EQ(write_fails(error_code::conflict), "failed, log, delay a1, arm wake");
  EXPECT_GE(timer_.delay, 5000ms);
}

TEST_F(PoolMachine, PoolThatWentBeforeTheWriteIsReadAfterTheGap) {
  claim("a1", 80);
  nothing_known();
  read_is(pool());
  EXPECT_EQ(write_fails(error_code::not_found), "failed, arm wake");
  EXPECT_EQ(time_comes(), "read");
  EXPECT_EQ(read_fails(error_code::not_found), "seen absent, create");
}

TEST_F(PoolMachine, RefusedAccessIsReportedOnceForAllPools) {
  claim("a1", 80);
  nothing_known();
  EXPECT_EQ(read_fails(error_code::unauthorized), "failed, denied, delay a1, arm wake");
}

TEST_F(PoolMachine, LostLeadershipIsSilent) {
  claim("a1", 80);
  absent();
  EXPECT_EQ(write_fails(error_code::not_leader), "failed, arm wake");
}

TEST_F(PoolMachine, DefiniteRefusalGoesToTheClaimAndIsTriedAgain) {
  claim("a1", 80);
  absent();
  EXPECT_EQ(write_fails(error_code::rejected),
            "failed, await room, arm retry, warn of a1, users a1, arm wake");
  const auto claim_of_a = machine_.book().find(key("a1"))->claim;
  EXPECT_EQ(said(machine_.users_found(claim_of_a, "words", {}, now_)), "refuse a1");
  EXPECT_EQ(std::pair(settle_.attempts, settle_.retry_in), std::pair(1U, 5000ms));
  EXPECT_EQ(time_comes(), "read");
  EXPECT_EQ(read_fails(error_code::not_found), "seen absent, works");
  now_ += 5s;
  EXPECT_EQ(said(machine_.timer_due(timer::retry_faulty, 1, now_)), "create");
  EXPECT_EQ(written(), "noted, seen, works, poll 1 now, serve a1");
}

TEST_F(PoolMachine, RefusalIsNobodysWhereTheClaimHasChangedMeanwhile) {
  claim("a1", 80);
  absent();
  const auto old = machine_.book().find(key("a1"))->claim;
  write_fails(error_code::rejected);
  claim("a1", 81);
  EXPECT_EQ(said(machine_.users_found(old, "words", {}, now_)), "");
}

TEST_F(PoolMachine, OldTimersAreIgnored) {
  settle({{"a1", 80}, {"b2", 81}});
  EXPECT_EQ(said(machine_.timer_due(timer::wake, 99, now_)), "");
  EXPECT_EQ(said(machine_.timer_due(timer::retry_faulty, 1, now_)), "");
}

TEST_F(PoolMachine, ReplacedPollerIsToldAgain) {
  settle({{"a1", 80}});
  EXPECT_EQ(said(machine_.poller_replaced()), "poll 1");
}

} // namespace
} // namespace dklb::domain::testing
