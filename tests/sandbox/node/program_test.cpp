// The program itself, as the sandbox starts and ends it.
#include "tests/support/child_process.hpp"

#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace dklb::sandbox {
namespace {

using namespace std::chrono_literals;

TEST(NodeProgram, SignalsThatAskForNothingAreIgnored) {
  const auto where = support::free_listen_address();
  const auto colon = where.find(':');
  const support::temporary_folder folder;
  support::child_process web({SANDBOX_NODE, "web", "--image", "echo", "--address",
                              where.substr(0, colon), "--port", where.substr(colon + 1)},
                             folder.path() + "/output");
  httplib::Client client(where.substr(0, colon), std::stoi(where.substr(colon + 1)));
  const auto serves = [&] { return static_cast<bool>(client.Get("/")); };
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!serves() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  for (const int number : {SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2})
    web.signal(number);
  EXPECT_TRUE(serves());
  EXPECT_TRUE(web.running());
  web.signal(SIGTERM);
  EXPECT_EQ(web.wait(20s), 0);
}

} // namespace
} // namespace dklb::sandbox
