#include "sandbox/node/local_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <future>
#include <sstream>
#include <sys/wait.h>

namespace dklb::sandbox {
namespace {

using testing::HasSubstr;

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

TEST_F(LocalProcess, BeginsWithUsualSignalsWhateverIsBlockedOrIgnoredHere) {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto* const handler = std::signal(SIGPIPE, SIG_IGN);
  const auto process = start({"grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"});
  std::signal(SIGPIPE, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(process);
  EXPECT_EQ(wait_for_end(), 0);
  EXPECT_EQ(output(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
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
