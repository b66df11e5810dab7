#include "sandbox/node/local_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <future>
#include <sstream>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dklb::sandbox {
namespace {

using testing::HasSubstr;

/// The first of the signals between the usual ones and the real-time ones.
constexpr int library_signals_begin = 32;

class LocalProcess : public testing::Test {
protected:
  std::string log_ = testing::TempDir() + "local_process." + std::to_string(::getpid()) + "."
                     + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::promise<int> ended_;

  void TearDown() override { std::remove(log_.c_str()); }

  domain::result<std::unique_ptr<local_process>> start(const std::vector<std::string>& command) {
    return local_process::start(command, log_, [this](int status) { ended_.set_value(status); });
  }

  int wait_for_end() {
    auto future = ended_.get_future();
    EXPECT_EQ(future.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    return future.get();
  }

  std::string output() const {
    std::ostringstream text;
    text << std::ifstream(log_).rdbuf();
    return text.str();
  }
};

TEST_F(LocalProcess, TellsItsEndAndWritesItsOutputToTheLog) {
  const auto process = start({"sh", "-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(process);
  const int status = wait_for_end();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(output(), "out\nerr\n");
}

/// Ignores the two signals that the C library keeps for its threads, as posix_spawn() of some
/// parents leaves them: no program can change that with signal(), and none depends on it.
void ignore_signals_of_the_library() {
  struct {
    void (*handler)(int) = SIG_IGN;
    unsigned long flags = 0;
    void (*restorer)() = nullptr;
    unsigned long mask = 0;
  } ignored;
  for (int number = library_signals_begin; number < SIGRTMIN; ++number)
    ASSERT_EQ(::syscall(SYS_rt_sigaction, number, &ignored, nullptr, sizeof ignored.mask), 0);
}

TEST_F(LocalProcess, BeginsWithUsualSignalsWhateverIsBlockedOrIgnoredHere) {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto* const handler = std::signal(SIGPIPE, SIG_IGN);
  ignore_signals_of_the_library();
  const auto process = start({"grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"});
  std::signal(SIGPIPE, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(process);
  EXPECT_EQ(wait_for_end(), 0);
  std::istringstream lines(output());
  std::string name;
  std::uint64_t signals = 0;
  for (const char* const expected : {"SigBlk:", "SigIgn:"}) {
    lines >> name >> std::hex >> signals;
    EXPECT_EQ(name, expected);
    // Bit 0 is signal 1.
    const auto of_library =
      (std::uint64_t{1} << (SIGRTMIN - 1)) - (std::uint64_t{1} << (library_signals_begin - 1));
    EXPECT_EQ(signals & ~of_library, 0U) << output();
  }
  EXPECT_TRUE(lines);
}

TEST_F(LocalProcess, ASignalReachesTheWholeGroup) {
  const auto process = start({"sh", "-c", "sleep 100 & wait"});
  ASSERT_TRUE(process);
  (*process)->signal(SIGTERM);
  EXPECT_EQ(WTERMSIG(wait_for_end()), SIGTERM);
}

TEST_F(LocalProcess, ASignalAfterTheEndIsHarmless) {
  const auto process = start({"true"});
  ASSERT_TRUE(process);
  EXPECT_EQ(wait_for_end(), 0);
  (*process)->signal(SIGTERM);
}

TEST_F(LocalProcess, IsKilledWithItsOwner) {
  auto process = start({"sh", "-c", "trap '' TERM; sleep 100"});
  ASSERT_TRUE(process);
  process->reset();
  EXPECT_EQ(WTERMSIG(wait_for_end()), SIGKILL);
}

TEST_F(LocalProcess, AProgramThatIsNotThereIsAnErrorAtTheStart) {
  const auto process = start({"no-such-program-anywhere"});
  ASSERT_FALSE(process);
  EXPECT_THAT(process.failure().message, HasSubstr("no-such-program-anywhere"));
}

} // namespace
} // namespace dklb::sandbox
