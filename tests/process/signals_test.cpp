// Each case runs in a child process of its own: signals are the whole process's.
#include "process/signals.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <thread>
#include <unistd.h>

namespace dklb::process {
namespace {

using namespace std::chrono_literals;
using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

/// Two more than the cases use.
constexpr int as_wanted = 40;
constexpr int surprised = 41;

void send(int number) {
  ::kill(::getpid(), number);
}

[[noreturn]] void end_as(bool wanted) {
  ::_exit(wanted ? as_wanted : surprised);
}

class Signals : public ::testing::TestWithParam<int> {
protected:
  Signals() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
using SignalsThatEnd = Signals;
using SignalsThatAskForNothing = Signals;

TEST_P(SignalsThatEnd, EndTheWaiting) {
  EXPECT_EXIT(
    {
      signals taken;
      std::thread other{[] { std::this_thread::sleep_for(10s); }}; // might take it, too
      send(GetParam());
      end_as(taken.wait());
    },
    ExitedWithCode(as_wanted), "");
}

TEST_P(SignalsThatEnd, HaveTheirUsualEffectAfterARelease) {
  EXPECT_EXIT(
    {
      signals taken;
      taken.release();
      send(GetParam());
      end_as(false);
    },
    KilledBySignal(GetParam()), "");
}

TEST_P(SignalsThatEnd, CutAnOrderlyEndShort) {
  EXPECT_EXIT(
    {
      signals taken;
      taken.end_in_order(60s, [] {
        send(SIGHUP);
        send(GetParam());
        std::this_thread::sleep_for(30s);
      });
      end_as(false);
    },
    ExitedWithCode(exit_forced), "");
}

INSTANTIATE_TEST_SUITE_P(Table, SignalsThatEnd, ::testing::Values(SIGTERM, SIGINT));

TEST_P(SignalsThatAskForNothing, DoNotEndTheWaiting) {
  EXPECT_EXIT(
    {
      signals taken;
      send(GetParam());
      std::thread later{[&] { taken.raise(); }};
      later.join();
      end_as(!taken.wait());
    },
    ExitedWithCode(as_wanted), "");
}

INSTANTIATE_TEST_SUITE_P(Table, SignalsThatAskForNothing,
                         ::testing::Values(SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE));

TEST_F(Signals, HangUpIsHandedOnToWhoeverWantsIt) {
  EXPECT_EXIT(
    {
      signals taken;
      int times = 0;
      send(SIGHUP);
      const auto asked = taken.wait([&] {
        ++times;
        send(SIGTERM);
      });
      end_as(asked && times == 1);
    },
    ExitedWithCode(as_wanted), "");
}

TEST_F(Signals, HangUpDuringTheOrderlyEndIsIgnored) {
  EXPECT_EXIT(
    {
      signals taken;
      send(SIGTERM);
      bool called = false;
      taken.wait([&] { called = true; });
      taken.end_in_order(60s, [] {
        send(SIGHUP);
        std::this_thread::sleep_for(50ms);
      });
      end_as(!called);
    },
    ExitedWithCode(as_wanted), "");
}

TEST_F(Signals, AnOrderlyEndThatTakesTooLongIsCutShort) {
  EXPECT_EXIT(
    {
      signals taken;
      taken.end_in_order(50ms, [] { std::this_thread::sleep_for(30s); });
      end_as(false);
    },
    ExitedWithCode(exit_forced), "");
}

TEST_F(Signals, AnOrderlyEndInTimeGoesOn) {
  EXPECT_EXIT(
    {
      signals taken;
      bool worked = false;
      taken.end_in_order(60s, [&] { worked = true; });
      end_as(worked);
    },
    ExitedWithCode(as_wanted), "");
}

} // namespace
} // namespace dklb::process
