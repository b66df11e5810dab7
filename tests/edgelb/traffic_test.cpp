#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <httplib.h>

#include <csignal>
#include <set>

namespace dklb::edgelb {
namespace {

using testing::add_frontend;
using testing::connection;
using testing::echo_server;
using testing::eventually;
using testing::greeting;
using testing::running_edgelb;
using testing::tcp_pool;

class EdgelbTraffic : public ::testing::Test {
protected:
  running_edgelb edgelb_;
  echo_server one_{"one"};
  echo_server two_{"two"};
};

TEST_F(EdgelbTraffic, BothAddressesOfAPublicPoolCarryIt) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  const auto endpoint = edgelb_.metadata("web")["frontends"][0]["endpoints"][0];
  for (const char* side : {"private", "public"}) {
    const connection client(endpoint[side][0].get<std::string>(), 16379);
    EXPECT_EQ(client.read_line(), "one") << side;
    EXPECT_TRUE(client.send("hello\n"));
    EXPECT_EQ(client.read_line(), "hello") << side;
  }
}

TEST_F(EdgelbTraffic, EachInstanceCarriesIt) {
  auto pool = tcp_pool("web", 16379, one_.port());
  pool["count"] = 3;
  edgelb_.create(pool);
  EXPECT_EQ(edgelb_.haproxies().size(), 3U);
  const auto metadata = edgelb_.metadata("web");
  for (const auto& endpoint : metadata["frontends"][0]["endpoints"])
    EXPECT_EQ(greeting(endpoint["private"][0].get<std::string>(), 16379), "one");
}

TEST_F(EdgelbTraffic, StatisticsAreServedOnThePrivateAddressAlone) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  const auto endpoint = edgelb_.metadata("web")["stats"][0];
  const auto whole = edgelb_.metadata("web")["frontends"][0]["endpoints"][0];
  EXPECT_EQ(endpoint["public"], document::array());
  EXPECT_FALSE(connection(whole["public"][0].get<std::string>(), endpoint["port"].get<int>()).ok());
  httplib::Client client(endpoint["private"][0].get<std::string>(), endpoint["port"].get<int>());
  client.set_url_encode(false); // the semicolon is part of HAProxy's own URL
  EXPECT_EQ(client.Get("/_haproxy_health_check")->status, 200);
  EXPECT_NE(client.Get("/haproxy?stats;csv")->body.find("in,FRONTEND"), std::string::npos);
}

TEST_F(EdgelbTraffic, StatisticsAreServedWhereThePoolAsksForThem) {
  auto pool = tcp_pool("web", 16379, one_.port());
  const auto outside = edgelb_.addresses().address(48);
  pool["haproxy"]["stats"] = {{"bindAddress", outside}, {"bindPort", 0}};
  edgelb_.create(pool);
  const auto endpoint = edgelb_.metadata("web")["stats"][0];
  EXPECT_EQ(endpoint["public"], document::array({outside}));
  EXPECT_EQ(endpoint["private"], document::array());
  httplib::Client client(outside, endpoint["port"].get<int>());
  EXPECT_EQ(client.Get("/_haproxy_health_check")->status, 200);
}

TEST_F(EdgelbTraffic, ServersWhoseNamesDoNotResolveKeepNobodyWaiting) {
  auto pool = tcp_pool("web", 16379, one_.port());
  auto& services = pool["haproxy"]["backends"][0]["services"];
  for (const char* name : {"a.invalid", "b.invalid", "localhost"})
    services.push_back(
      {{"endpoint", {{"type", "ADDRESS"}, {"address", name}, {"port", two_.port()}}}});
  edgelb_.create(pool);
  const auto configuration = edgelb_.call("GET", "/v2/pools/web/lbconfig").body;
  EXPECT_EQ(configuration.find("libc"), std::string::npos)
    << "the C library's resolver would keep haproxy -c and the start waiting";
  std::set<std::string> names;
  EXPECT_TRUE(eventually([&] {
    names.insert(greeting(edgelb_.private_address("web"), 16379));
    return names == std::set<std::string>{"one", "two"};
  }))
    << "the hosts file is enough for localhost";
}

TEST_F(EdgelbTraffic, ChangeIsLiveWhenPutAnswersAndTheInstanceStays) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  const auto address = edgelb_.private_address("web");
  const auto instances = [&] {
    std::set<std::filesystem::path> found;
    for (const auto& one : std::filesystem::directory_iterator(edgelb_.folder() / "state/i"))
      found.insert(one.path());
    return found;
  };
  const auto before = instances();
  const connection old(address, 16379);
  EXPECT_EQ(old.read_line(), "one");
  auto pool = tcp_pool("web", 16379, two_.port());
  add_frontend(pool, "more", 16380, one_.port());
  ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/web", pool).status, 200);
  EXPECT_EQ(greeting(address, 16379), "two");
  EXPECT_EQ(greeting(address, 16380), "one");
  EXPECT_EQ(instances(), before);
  EXPECT_TRUE(old.send("still here\n"));
  EXPECT_EQ(old.read_line(), "still here");
}

TEST_F(EdgelbTraffic, EqualPutTouchesNothing) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  const auto file = edgelb_.folder() / "state/pools/web.json";
  const auto before = std::filesystem::last_write_time(file);
  auto same = tcp_pool("web", 16379, one_.port());
  same["cpus"] = 0.9;
  const auto answer = edgelb_.call("PUT", "/v2/pools/web", same);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(std::filesystem::last_write_time(file), before);
}

TEST_F(EdgelbTraffic, OnlyTheChangedPoolIsReloaded) {
  edgelb_.create(tcp_pool("quiet", 16379, one_.port()));
  edgelb_.create(tcp_pool("busy", 16379, one_.port()));
  const auto configuration = edgelb_.call("GET", "/v2/pools/quiet/lbconfig").body;
  const auto file = edgelb_.folder() / "state/pools/quiet.json";
  const auto before = std::filesystem::last_write_time(file);
  ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/busy", tcp_pool("busy", 16380, one_.port())).status,
            200);
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/quiet/lbconfig").body, configuration);
  EXPECT_EQ(std::filesystem::last_write_time(file), before);
}

TEST_F(EdgelbTraffic, RefusedConfigurationHasHaproxysWordsAndTheOldOneGoesOn) {
  const auto made = edgelb_.create(tcp_pool("web", 16379, one_.port()));
  auto bad = tcp_pool("web", 16379, two_.port());
  bad["haproxy"]["backends"][0]["miscStrs"] = {"balance sideways"};
  const auto answer = edgelb_.call("PUT", "/v2/pools/web", bad);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("only supports 'roundrobin'"), std::string::npos) << answer.body;
  EXPECT_EQ(greeting(edgelb_.private_address("web"), 16379), "one");
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/web").body, made.dump());
  bad["name"] = "new";
  EXPECT_EQ(edgelb_.call("POST", "/v2/pools", bad).status, 400);
  EXPECT_EQ(edgelb_.call("GET", "/v2/pools/new").status, 404);
  EXPECT_EQ(edgelb_.haproxies().size(), 1U);
}

TEST_F(EdgelbTraffic, ChangedPoolSectionStartsTheNewBeforeTheOldEnds) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  const auto address = edgelb_.private_address("web");
  const auto haproxies = edgelb_.haproxies();
  auto old = std::make_unique<connection>(address, 16379);
  EXPECT_EQ(old->read_line(), "one");
  auto pool = tcp_pool("web", 16379, one_.port());
  pool["mem"] = 128;
  ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/web", pool).status, 200);
  EXPECT_EQ(edgelb_.private_address("web"), address);
  EXPECT_EQ(greeting(address, 16379), "one");
  EXPECT_TRUE(old->send("still here\n"));
  EXPECT_EQ(old->read_line(), "still here");
  EXPECT_EQ(edgelb_.haproxies().size(), 2U);
  old.reset();
  EXPECT_TRUE(eventually([&] { return edgelb_.haproxies().size() == 1; }));
  EXPECT_NE(edgelb_.haproxies(), haproxies);
  EXPECT_TRUE(eventually([&] {
    return std::distance(std::filesystem::directory_iterator(edgelb_.folder() / "state/i"), {})
           == 1;
  }));
}

TEST_F(EdgelbTraffic, ChangedCountLeavesTheOthersAlone) {
  auto pool = tcp_pool("web", 16379, one_.port());
  edgelb_.create(pool);
  const auto first = edgelb_.haproxies();
  pool["count"] = 2;
  ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/web", pool).status, 200);
  ASSERT_EQ(edgelb_.haproxies().size(), 2U);
  pool["count"] = 1;
  ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/web", pool).status, 200);
  EXPECT_TRUE(eventually([&] { return edgelb_.haproxies() == first; }));
}

TEST_F(EdgelbTraffic, PortTakenByAnotherProgramIsAnErrorForThatPoolAlone) {
  edgelb_.create(tcp_pool("good", 16379, one_.port()));
  httplib::Server other;
  // A server on every address of the machine takes the port from every agent.
  const int taken = other.bind_to_any_port("0.0.0.0");
  std::thread serving([&] { other.listen_after_bind(); });
  const auto answer = edgelb_.call("POST", "/v2/pools", tcp_pool("bad", taken, one_.port()));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("is taken by another program"), std::string::npos) << answer.body;
  EXPECT_EQ(edgelb_.call("PUT", "/v2/pools/good", tcp_pool("good", 16380, one_.port())).status,
            200);
  other.stop();
  serving.join();
  EXPECT_EQ(edgelb_.call("POST", "/v2/pools", tcp_pool("bad", taken, one_.port())).status, 200);
}

TEST_F(EdgelbTraffic, PortGivenBackByAPutIsFreeForTheNextPoolAtOnce) {
  auto giving = tcp_pool("giving", 16379, one_.port());
  giving["constraints"] = "hostname:CLUSTER:" + edgelb_.addresses().address(16);
  auto taking = tcp_pool("taking", 16380, two_.port());
  taking["constraints"] = giving["constraints"];
  auto both = giving;
  add_frontend(both, "more", 16380, one_.port());
  edgelb_.create(giving);
  for (int round = 0; round < 5; ++round) {
    ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/giving", both).status, 200);
    ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/giving", giving).status, 200);
    const auto taken = edgelb_.call("POST", "/v2/pools", taking);
    ASSERT_EQ(taken.status, 200) << taken.body;
    EXPECT_EQ(greeting(edgelb_.addresses().address(16), 16380), "two");
    ASSERT_EQ(edgelb_.call("DELETE", "/v2/pools/taking").status, 204);
  }
}

TEST_F(EdgelbTraffic, TasksAreFollowedWhenTheirFileChanges) {
  auto pool = tcp_pool("web", 16379, 0);
  pool["haproxy"]["backends"][0]["services"] = {
    {{"marathon", document::object()},
     {"mesos", {{"frameworkName", "dev"}, {"taskNamePattern", "^kube-node-.*$"}}},
     {"endpoint", {{"type", "CONTAINER_IP"}, {"port", one_.port()}}}}};
  edgelb_.create(pool);
  const auto address = edgelb_.private_address("web");
  EXPECT_EQ(greeting(address, 16379), "");
  ASSERT_TRUE(write_durably(edgelb_.tasks_file(), R"({"frameworks": {"dev": {"tasks": [
    {"name": "kube-node-1", "agent": "127.0.0.1"}]}}})")
                .has_value());
  EXPECT_TRUE(eventually([&] { return greeting(address, 16379) == "one"; }));
  ASSERT_TRUE(write_durably(edgelb_.tasks_file(), "{").has_value());
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_EQ(greeting(address, 16379), "one") << "a broken file leaves the tasks as they were";
}

TEST_F(EdgelbTraffic, InstanceThatDiesIsStartedAgain) {
  edgelb_.create(tcp_pool("web", 16379, one_.port()));
  const auto address = edgelb_.private_address("web");
  const auto haproxies = edgelb_.haproxies();
  ASSERT_EQ(haproxies.size(), 1U);
  ::kill(haproxies[0], SIGKILL);
  EXPECT_TRUE(eventually([&] {
    const auto now = edgelb_.haproxies();
    return now.size() == 1 && now != haproxies && greeting(address, 16379) == "one";
  }));
  EXPECT_EQ(edgelb_.private_address("web"), address);
}

TEST_F(EdgelbTraffic, PoolsAreMadeAtTheSameTime) {
  std::vector<std::thread> callers;
  std::atomic<int> made{0};
  for (int number = 0; number < 8; ++number)
    callers.emplace_back([&, number] {
      const auto pool = tcp_pool("pool-" + std::to_string(number % 6), 16379, one_.port());
      made += edgelb_.call("POST", "/v2/pools", pool).status == 200 ? 1 : 0;
    });
  for (auto& one : callers)
    one.join();
  EXPECT_EQ(made, 6) << "two asked for a name that was taken";
  std::set<std::string> addresses;
  for (int number = 0; number < 6; ++number)
    addresses.insert(edgelb_.private_address("pool-" + std::to_string(number)));
  EXPECT_EQ(addresses.size(), 6U) << "one port, so an agent each";
}

} // namespace
} // namespace dklb::edgelb
