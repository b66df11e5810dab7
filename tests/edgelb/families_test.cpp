// Frontends on IPv4, IPv6, both, or one address.
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

using testing::add_frontend;
using testing::address_range;
using testing::connection;
using testing::echo_server;
using testing::greeting;
using testing::running_edgelb;
using testing::tcp_pool;

/// Three public agents; the second one has the machine's IPv6 loopback address, too.
std::vector<agent> agents_in(const address_range& range) {
  std::vector<agent> agents;
  for (const int place : {1, 2, 3})
    agents.push_back({{range.address(place)}, {range.address(place + 32)}, public_role});
  agents[1].public_addresses.emplace_back("::1");
  return agents;
}

class EdgelbFamilies : public ::testing::Test {
protected:
  /// A pool whose frontend has a free port, because all tests of the machine share ::1.
  document bound(const std::string& address, const std::string& modifier = "") {
    auto pool = tcp_pool("web", 0, one_.port());
    pool["haproxy"]["frontends"][0]["bindAddress"] = address;
    pool["haproxy"]["frontends"][0]["bindModifier"] = modifier;
    return pool;
  }

  document endpoints(int frontend = 0) {
    return edgelb_.metadata("web")["frontends"][static_cast<std::size_t>(frontend)]["endpoints"];
  }

  std::string at(int place) const { return edgelb_.addresses().address(place); }

  running_edgelb edgelb_{agents_in};
  echo_server one_{"one"};
  echo_server wide_{"wide", "::1"};
};

TEST_F(EdgelbFamilies, Ipv6IsServedWhereAnAgentHasIt) {
  edgelb_.create(bound("::"));
  const auto found = endpoints();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["private"], document::array());
  EXPECT_EQ(found[0]["public"], document::array({"::1"}));
  const int port = found[0]["port"].get<int>();
  EXPECT_EQ(greeting("::1", port), "one");
  EXPECT_EQ(greeting(at(2), port), "") << "IPv6 alone";
}

TEST_F(EdgelbFamilies, BothAreServedBesideOtherPoolsOnOtherAddresses) {
  auto beside = bound("0.0.0.0");
  beside["name"] = "beside";
  beside["constraints"] = "hostname:CLUSTER:" + at(1);
  edgelb_.create(beside);
  auto both = bound("::", "v4v6");
  const auto beside_port =
    edgelb_.metadata("beside")["frontends"][0]["endpoints"][0]["port"].get<int>();
  both["haproxy"]["frontends"][0]["bindPort"] = beside_port;
  both["constraints"] = "hostname:CLUSTER:" + at(2);
  edgelb_.create(both);
  EXPECT_EQ(endpoints()[0]["private"], document::array({at(2)}));
  EXPECT_EQ(endpoints()[0]["public"], document::array({at(34), "::1"}));
  for (const auto& address : {at(2), at(34), std::string("::1"), at(1)})
    EXPECT_EQ(greeting(address, beside_port), "one") << address;
}

TEST_F(EdgelbFamilies, ServersMayBeOfTheOtherFamily) {
  auto pool = bound("0.0.0.0");
  auto& endpoint = pool["haproxy"]["backends"][0]["services"][0]["endpoint"];
  endpoint["address"] = "::1";
  endpoint["port"] = wide_.port();
  edgelb_.create(pool);
  EXPECT_EQ(greeting(edgelb_.private_address("web"), endpoints()[0]["port"].get<int>()), "wide");
}

TEST_F(EdgelbFamilies, FixedAddressIsTheOnlyOneThatIsBoundAndReported) {
  auto pool = bound(at(35));
  pool["count"] = 2;
  add_frontend(pool, "all", 16380, one_.port());
  edgelb_.create(pool);
  ASSERT_EQ(endpoints(0).size(), 1U) << "one of the two machines has the address";
  EXPECT_EQ(endpoints(0)[0]["public"], document::array({at(35)}));
  EXPECT_EQ(endpoints(0)[0]["private"], document::array());
  EXPECT_EQ(endpoints(1).size(), 2U) << "the count stays";
  const int port = endpoints(0)[0]["port"].get<int>();
  EXPECT_EQ(greeting(at(35), port), "one");
  EXPECT_FALSE(connection(at(3), port).ok());
  EXPECT_EQ(greeting(at(3), 16380), "one");
}

TEST_F(EdgelbFamilies, PoolMovesToTheMachineWithTheAddress) {
  auto pool = tcp_pool("web", 16379, one_.port());
  edgelb_.create(pool);
  EXPECT_EQ(edgelb_.private_address("web"), at(1));
  pool["haproxy"]["frontends"][0]["bindAddress"] = at(35);
  edgelb_.put(pool);
  EXPECT_EQ(greeting(at(35), 16379), "one");
  EXPECT_FALSE(connection(at(1), 16379).ok());
}

TEST_F(EdgelbFamilies, RefusedAddressNamesTheFreeOnesAndLeavesThePoolAsItIs) {
  auto pool = tcp_pool("web", 16379, one_.port());
  const auto made = edgelb_.create(pool);
  pool["haproxy"]["frontends"][0]["bindAddress"] = "192.0.2.77";
  const auto refused = edgelb_.call("PUT", "/v2/pools/web", pool);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(document::parse(refused.body)["message"],
            "no machine of role \"slave_public\" has the address 192.0.2.77; free are: " + at(33)
              + ", " + at(1) + ", " + at(34) + ", " + at(2) + ", " + at(35) + ", " + at(3));
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/web").body, made.dump());
  EXPECT_EQ(greeting(at(1), 16379), "one");
}

TEST_F(EdgelbFamilies, RawLinesOfAFrontendOnAnotherMachineAreCheckedAllTheSame) {
  auto pool = bound(at(35));
  pool["count"] = 2;
  pool["haproxy"]["frontends"][0]["miscStrs"] = {"balance sideways"};
  const auto refused = edgelb_.call("POST", "/v2/pools", pool);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("balance only supports"), std::string::npos) << refused.body;
}

} // namespace
} // namespace dklb::edgelb
