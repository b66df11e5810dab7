// The connections to servers that leave, and the time that they have.
#include "tests/edgelb/echo_pool.hpp"

#include <gtest/gtest.h>

#include <map>

namespace dklb::edgelb {
namespace {

using testing::add_frontend;
using testing::connection;
using testing::echo_pool;
using testing::echo_server;
using testing::eventually;
using testing::running_edgelb;

constexpr int port = 16379;

class EdgelbDrain : public ::testing::Test {
protected:
  static document over(const std::vector<const echo_server*>& servers) {
    return echo_pool(port, servers);
  }

  std::string address() { return edgelb_.private_address("web"); }

  static document drained(const std::vector<const echo_server*>& servers, const char* time,
                          int extra_port = 0) {
    auto pool = over(servers);
    pool["haproxy"]["backends"][0]["miscStrs"] = {std::string("# drain ") + time};
    if (extra_port != 0)
      add_frontend(pool, "more", extra_port, servers.front()->port());
    return pool;
  }

  /// A connection to each of the two servers, the first one's first.
  std::vector<std::unique_ptr<connection>> one_to_each() {
    std::map<std::string, std::unique_ptr<connection>> found;
    while (found.size() < 2) {
      auto made = std::make_unique<connection>(address(), port);
      auto name = made->read_line();
      if (name.empty())
        return {};
      found[name] = std::move(made);
    }
    std::vector<std::unique_ptr<connection>> both;
    both.push_back(std::move(found["one"]));
    both.push_back(std::move(found["two"]));
    return both;
  }

  static bool alive(const connection& one) {
    return one.send("still here\n") && one.read_line() == "still here";
  }

  running_edgelb edgelb_;
  echo_server one_{"one"};
  echo_server two_{"two"};
};

TEST_F(EdgelbDrain, ConnectionsOfAServerThatLeftEndAfterTheirTime) {
  edgelb_.create(drained({&one_, &two_}, "1500ms"));
  const auto both = one_to_each();
  ASSERT_EQ(both.size(), 2U);
  const auto left = std::chrono::steady_clock::now();
  edgelb_.put(drained({&one_}, "1500ms"));
  EXPECT_TRUE(alive(*both[1])) << "it has its time";
  EXPECT_TRUE(both[1]->ends()) << "and no more";
  const auto lasted = std::chrono::steady_clock::now() - left;
  EXPECT_GE(lasted, std::chrono::milliseconds(1500));
  EXPECT_LT(lasted, std::chrono::milliseconds(4500));
  EXPECT_TRUE(alive(*both[0])) << "the other server stays";
}

TEST_F(EdgelbDrain, ReloadInBetweenChangesNothingOfThat) {
  // Long enough for two changes and a reload on a busy machine.
  edgelb_.create(drained({&one_, &two_}, "4s"));
  const auto both = one_to_each();
  ASSERT_EQ(both.size(), 2U);
  edgelb_.put(drained({&one_}, "4s"));
  edgelb_.put(drained({&one_}, "4s", 16380));
  EXPECT_EQ(edgelb_.haproxies().size(), 2U);
  EXPECT_TRUE(alive(*both[1]));
  EXPECT_TRUE(both[1]->ends());
  EXPECT_TRUE(alive(*both[0])) << "it is served by the same former process";
}

TEST_F(EdgelbDrain, ServerThatLeavesWithAReloadDrainsToo) {
  edgelb_.create(drained({&one_, &two_}, "1s"));
  const auto both = one_to_each();
  ASSERT_EQ(both.size(), 2U);
  edgelb_.put(drained({&one_}, "1s", 16380));
  EXPECT_TRUE(alive(*both[1]));
  EXPECT_TRUE(both[1]->ends());
  EXPECT_TRUE(alive(*both[0]));
}

TEST_F(EdgelbDrain, ServerThatComesBackInTimeKeepsItsConnections) {
  edgelb_.create(drained({&one_, &two_}, "1s"));
  const auto both = one_to_each();
  ASSERT_EQ(both.size(), 2U);
  edgelb_.put(drained({&one_}, "1s", 16380)); // a reload: the connection is in a former process
  edgelb_.put(drained({&one_, &two_}, "1s", 16380));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
  while (std::chrono::steady_clock::now() < until) {
    ASSERT_TRUE(alive(*both[1]));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TEST_F(EdgelbDrain, FormerProcessEndsWithItsLastConnectionAndDoesNotWaitForTheTime) {
  edgelb_.create(drained({&one_, &two_}, "1h"));
  auto both = one_to_each();
  ASSERT_EQ(both.size(), 2U);
  edgelb_.put(drained({&one_}, "1h", 16380));
  EXPECT_EQ(edgelb_.haproxies().size(), 2U);
  both.clear();
  EXPECT_TRUE(eventually([&] { return edgelb_.haproxies().size() == 1; }));
}

TEST_F(EdgelbDrain, RestartOfTheServerForgetsNobodyWhoDrains) {
  edgelb_.create(drained({&one_, &two_}, "1s"));
  const auto both = one_to_each();
  ASSERT_EQ(both.size(), 2U);
  edgelb_.put(drained({&one_}, "1s"));
  edgelb_.restart();
  EXPECT_TRUE(alive(*both[1])) << "its time begins again";
  EXPECT_TRUE(both[1]->ends());
  EXPECT_TRUE(alive(*both[0]));
}

TEST_F(EdgelbDrain, ChangeOfTheTimeAloneReloadsNothing) {
  edgelb_.create(drained({&one_, &two_}, "1h"));
  const auto before = edgelb_.haproxies();
  const auto both = one_to_each();
  edgelb_.put(drained({&one_, &two_}, "500ms"));
  edgelb_.put(drained({&one_}, "500ms"));
  EXPECT_TRUE(both[1]->ends());
  EXPECT_EQ(edgelb_.haproxies(), before);
}

TEST_F(EdgelbDrain, WithoutATimeConnectionsGoOn) {
  edgelb_.create(over({&one_, &two_}));
  const auto both = one_to_each();
  ASSERT_EQ(both.size(), 2U);
  edgelb_.put(over({&one_}));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  while (std::chrono::steady_clock::now() < until) {
    ASSERT_TRUE(alive(*both[1]));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

} // namespace
} // namespace dklb::edgelb
