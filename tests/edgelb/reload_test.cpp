#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

using testing::add_frontend;
using testing::connection;
using testing::echo_server;
using testing::running_edgelb;
using testing::tcp_pool;

/// Opens connections one after the other, from several threads, and counts those that fail in any
/// way: refused, cut, or without the right answer.
class load_generator {
public:
  load_generator(std::string address, int port) {
    for (int number = 0; number < 2; ++number)
      threads_.emplace_back([this, address, port] { run(address, port); });
  }
  ~load_generator() { stop(); }
  load_generator(const load_generator&) = delete;
  load_generator& operator=(const load_generator&) = delete;

  void stop() {
    stopping_ = true;
    for (auto& one : threads_)
      one.join();
    threads_.clear();
  }
  int succeeded() const { return succeeded_; }
  int failed() const { return failed_; }

private:
  void run(const std::string& address, int port) {
    while (!stopping_) {
      const connection client(address, port);
      const bool good =
        client.read_line() == "echo" && client.send("ping\n") && client.read_line() == "ping";
      ++(good ? succeeded_ : failed_);
      // Enough of a load to meet every moment of a reload, and some processor left for the reload.
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<int> succeeded_{0};
  std::atomic<int> failed_{0};
  std::vector<std::thread> threads_;
};

TEST(EdgelbReload, HundredChangesOfFrontendsUnderLoadFailNoConnection) {
  running_edgelb edgelb;
  const echo_server server("echo");
  edgelb.create(tcp_pool("web", 16379, server.port()));
  const auto address = edgelb.private_address("web");
  const connection lasting(address, 16379);
  ASSERT_EQ(lasting.read_line(), "echo");
  load_generator load(address, 16379);
  for (int change = 0; change < 100; ++change) {
    auto pool = tcp_pool("web", 16379, server.port());
    for (int extra = 0; extra <= change % 3; ++extra)
      add_frontend(pool, "extra-" + std::to_string(extra), 17000 + change + extra, server.port());
    const auto answer = edgelb.call("PUT", "/v2/pools/web", pool);
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  load.stop();
  EXPECT_EQ(load.failed(), 0);
  EXPECT_GT(load.succeeded(), 200);
  EXPECT_TRUE(lasting.send("still here\n"));
  EXPECT_EQ(lasting.read_line(), "still here") << "a connection from before outlives them all";
  RecordProperty("connections", load.succeeded());
}

TEST(EdgelbReload, ReplacedInstancesUnderLoadFailNoConnection) {
  running_edgelb edgelb;
  const echo_server server("echo");
  auto pool = tcp_pool("web", 16379, server.port());
  edgelb.create(pool);
  load_generator load(edgelb.private_address("web"), 16379);
  for (int change = 0; change < 10; ++change) {
    pool["mem"] = 100 + change;
    ASSERT_EQ(edgelb.call("PUT", "/v2/pools/web", pool).status, 200);
  }
  load.stop();
  EXPECT_EQ(load.failed(), 0);
  EXPECT_GT(load.succeeded(), 50);
}

} // namespace
} // namespace dklb::edgelb
