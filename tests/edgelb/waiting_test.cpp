// Pools that wait for a port that another pool has.
#include "edgelb/rules/pool_schema.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

using testing::echo_server;
using testing::eventually;
using testing::greeting;
using testing::running_edgelb;
using testing::tcp_pool;
using testing::temporary_folder;

class EdgelbWaiting : public ::testing::Test {
protected:
  /// A pool that runs on one agent alone.
  document on_one_agent(const std::string& name, const echo_server& server) const {
    auto pool = tcp_pool(name, 16379, server.port());
    pool["constraints"] = "hostname:CLUSTER:" + edgelb_.addresses().address(16);
    return pool;
  }

  running_edgelb edgelb_;
  echo_server one_{"one"};
  echo_server two_{"two"};
};

TEST_F(EdgelbWaiting, RefusalNamesThePoolThatHasThePortAndTheNextTrySucceeds) {
  edgelb_.create(on_one_agent("first", one_));
  const auto refused = edgelb_.call("POST", "/v2/pools", on_one_agent("second", two_));
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("port 16379 on " + edgelb_.addresses().address(16)
                              + " belongs to the pool first"),
            std::string::npos)
    << refused.body;
  ASSERT_EQ(edgelb_.call("DELETE", "/v2/pools/first").status, 204);
  edgelb_.create(on_one_agent("second", two_));
  EXPECT_EQ(greeting(edgelb_.addresses().address(16), 16379), "two");
}

TEST_F(EdgelbWaiting, InstanceIsPlacedWhenAnotherPoolIsDeleted) {
  edgelb_.create(on_one_agent("first", one_));
  auto second = tcp_pool("second", 16379, two_.port());
  second["count"] = 2;
  second["constraints"] = R"([["hostname","LIKE",")" + edgelb_.addresses().address(16) + "|"
                          + edgelb_.addresses().address(17) + R"("]])";
  edgelb_.create(second);
  EXPECT_EQ(edgelb_.metadata("second")["frontends"][0]["endpoints"].size(), 1U);
  ASSERT_EQ(edgelb_.call("DELETE", "/v2/pools/first").status, 204);
  EXPECT_TRUE(eventually(
    [&] { return edgelb_.metadata("second")["frontends"][0]["endpoints"].size() == 2; }));
}

/// One pool on its own, with a clock that the test moves.
TEST(ManagedPool, TriesAgainAtOnceWhenAPortIsGivenBackHoweverLongItHasWaited) {
  const temporary_folder folder;
  const testing::address_range addresses;
  const echo_server server("echo");
  for (const char* name : {"pools", "damaged", "i", "scratch"})
    std::filesystem::create_directory(folder.path() / name);
  const auto program = haproxy_program::find("").value();
  const pool_store store(folder.path() / "pools", folder.path() / "damaged");
  const auto tasks = std::make_shared<const task_table>();
  planner plans({{{addresses.address(1)}, {}, "*"}, {{addresses.address(2)}, {}, "*"}});
  const pool_host host{program,
                       store,
                       plans,
                       folder.path() / "i",
                       folder.path() / "scratch",
                       std::chrono::seconds(1),
                       [&] { return tasks; }};
  const auto wanted = [&](const char* name, int count) {
    auto pool = tcp_pool(name, 16379, server.port());
    pool["role"] = "*";
    pool["count"] = count;
    return complete_pool(pool).value();
  };
  managed_pool holder(host, "holder");
  ASSERT_TRUE(holder.apply(wanted("holder", 1)).has_value());
  managed_pool waits(host, "waits");
  ASSERT_TRUE(waits.apply(wanted("waits", 2)).has_value());
  auto now = std::chrono::steady_clock::now();
  for (int attempt = 0; attempt < 9; ++attempt) {
    while (!waits.needs_attention(now))
      now += std::chrono::milliseconds(250);
    waits.tend(now);
  }
  EXPECT_FALSE(waits.needs_attention(now + std::chrono::seconds(20))) << "the pause has grown";
  ASSERT_TRUE(holder.remove().has_value());
  ASSERT_TRUE(waits.needs_attention(now));
  waits.tend(now);
  EXPECT_EQ(waits.view()->metadata.value()["frontends"][0]["endpoints"].size(), 2U);
  EXPECT_EQ(waits.view()->waits_because, "");
  waits.stop();
}

} // namespace
} // namespace dklb::edgelb
