// One client, one server: `balance source` with `hash-type consistent`.
#include "edgelb/render/server_ids.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <set>

namespace dklb::edgelb {
namespace {

using testing::add_frontend;
using testing::echo_server;
using testing::eventually;
using testing::greeting;
using testing::running_edgelb;
using testing::tcp_pool;

std::vector<server> servers_at(const std::vector<std::string>& addresses) {
  std::vector<server> made;
  for (const auto& address : addresses) {
    server one;
    one.address = address;
    one.port = 80;
    made.push_back(one);
  }
  return made;
}

TEST(ServerIds, FollowTheAddressAndNotThePlace) {
  const auto both = server_ids(servers_at({"10.0.0.1", "fd00::1"}));
  const auto turned = server_ids(servers_at({"fd00::1", "10.0.0.2", "10.0.0.1"}));
  EXPECT_EQ(both[0], turned[2]);
  EXPECT_EQ(both[1], turned[0]);
}

TEST(ServerIds, ArePositiveAndDistinctForManyServers) {
  std::vector<std::string> addresses;
  for (int number = 0; number < 5000; ++number)
    addresses.push_back("10.0." + std::to_string(number / 250) + "."
                        + std::to_string(number % 250 + 1));
  const auto ids = server_ids(servers_at(addresses));
  EXPECT_EQ(std::set<int>(ids.begin(), ids.end()).size(), ids.size());
  EXPECT_GT(*std::min_element(ids.begin(), ids.end()), 0);
}

class EdgelbAffinity : public ::testing::Test {
protected:
  document pool_over(std::vector<const echo_server*> servers) const {
    auto pool = tcp_pool("web", 16379, 1);
    auto& backend = pool["haproxy"]["backends"][0];
    backend["balance"] = "source";
    backend["miscStrs"] = {"hash-type consistent"};
    backend["services"].clear();
    for (const auto* one : servers)
      backend["services"].push_back(
        {{"endpoint", {{"type", "ADDRESS"}, {"address", "127.0.0.1"}, {"port", one->port()}}}});
    pool["count"] = 2;
    return pool;
  }

  /// The server of each of forty clients, through one of the pool's two instances.
  std::vector<std::string> seen_at(std::size_t instance) {
    const auto address =
      edgelb_.metadata("web")["frontends"][0]["endpoints"][instance]["private"][0];
    std::vector<std::string> seen;
    for (int client = 1; client <= 40; ++client)
      seen.push_back(
        greeting(address.get<std::string>(), 16379,
                 "127.9." + std::to_string(client % 3) + "." + std::to_string(client * 6)));
    return seen;
  }

  running_edgelb edgelb_;
  echo_server one_{"one"};
  echo_server two_{"two"};
  echo_server three_{"three"};
};

TEST_F(EdgelbAffinity, ClientKeepsItsServerOverInstancesReloadsAndRestarts) {
  edgelb_.create(pool_over({&one_, &two_, &three_}));
  const auto seen = seen_at(0);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()),
            (std::set<std::string>{"one", "two", "three"}))
    << "the clients are spread";
  EXPECT_EQ(seen_at(1), seen) << "the other instance";
  auto reloaded = pool_over({&three_, &one_, &two_}); // another order, too
  add_frontend(reloaded, "more", 16380, one_.port());
  edgelb_.put(reloaded);
  EXPECT_EQ(seen_at(0), seen) << "after a reload";
  const auto before = edgelb_.haproxies();
  for (const pid_t pid : before)
    ::kill(pid, SIGKILL);
  ASSERT_TRUE(eventually([&] {
    const auto now = edgelb_.haproxies();
    return now.size() == 2 && now != before && seen_at(0).front() == seen.front();
  }));
  EXPECT_EQ(seen_at(0), seen) << "after a crash of HAProxy";
}

TEST_F(EdgelbAffinity, ServersThatComeAndGoMoveNoOtherClientAndReloadNothing) {
  edgelb_.create(pool_over({&one_, &two_}));
  const auto before = edgelb_.haproxies();
  const auto with_two = seen_at(0);
  edgelb_.put(pool_over({&one_, &two_, &three_}));
  const auto with_three = seen_at(0);
  EXPECT_EQ(seen_at(1), with_three);
  for (std::size_t client = 0; client < with_two.size(); ++client)
    EXPECT_TRUE(with_three[client] == with_two[client] || with_three[client] == "three") << client;
  edgelb_.put(pool_over({&one_, &two_}));
  EXPECT_EQ(seen_at(0), with_two);
  EXPECT_EQ(edgelb_.haproxies(), before);
  // A process that knows the third server from its start sends every client to the same place.
  auto reloaded = pool_over({&one_, &two_, &three_});
  add_frontend(reloaded, "more", 16380, one_.port());
  edgelb_.put(reloaded);
  EXPECT_NE(edgelb_.haproxies(), before);
  EXPECT_EQ(seen_at(0), with_three);
}

} // namespace
} // namespace dklb::edgelb
