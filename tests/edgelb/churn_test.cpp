// Servers that come and go, and what a reload leaves behind.
#include "edgelb/haproxy/control_socket.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <set>

namespace dklb::edgelb {
namespace {

using testing::add_frontend;
using testing::black_hole;
using testing::connection;
using testing::echo_server;
using testing::eventually;
using testing::greeting;
using testing::running_edgelb;
using testing::tcp_pool;

document pool_over(const std::string& name, int port, const std::vector<int>& server_ports) {
  auto pool = tcp_pool(name, port, server_ports.front());
  auto& services = pool["haproxy"]["backends"][0]["services"];
  services.clear();
  for (const int server : server_ports)
    services.push_back(
      {{"endpoint", {{"type", "ADDRESS"}, {"address", "127.0.0.1"}, {"port", server}}}});
  return pool;
}

class EdgelbChurn : public ::testing::Test {
protected:
  void put(const document& pool) {
    const auto answer = edgelb_.call("PUT", "/v2/pools/" + pool["name"].get<std::string>(), pool);
    ASSERT_EQ(answer.status, 200) << answer.body;
  }

  document web(const std::vector<int>& server_ports) {
    return pool_over("web", 16379, server_ports);
  }

  /// The folder of the only instance.
  std::filesystem::path instance() const {
    return std::filesystem::directory_iterator(edgelb_.folder() / "state/i")->path();
  }

  std::string ask(const std::string& command) const {
    auto control = control_connection::open(instance() / "s", std::chrono::seconds(5));
    const auto answer =
      control ? control->ask(command) : domain::result<std::string>(control.failure());
    return answer ? *answer : answer.failure().message;
  }

  /// Who answers `count` new connections.
  std::set<std::string> greetings(int count = 12) {
    return greetings_at(edgelb_.private_address("web"), count);
  }
  static std::set<std::string> greetings_at(const std::string& address, int count = 12) {
    std::set<std::string> names;
    for (int number = 0; number < count; ++number)
      names.insert(greeting(address, 16379));
    return names;
  }

  running_edgelb edgelb_;
  echo_server one_{"one"};
  echo_server two_{"two"};
  const std::set<std::string> only_one_{"one"};
  const std::set<std::string> both_{"one", "two"};
};

TEST_F(EdgelbChurn, NodeThatFlipsReloadsNoPool) {
  constexpr int pools = 10;
  const auto pool = [&](int number, bool ready) {
    const auto servers =
      ready ? std::vector<int>{one_.port(), two_.port()} : std::vector<int>{one_.port()};
    return pool_over("pool-" + std::to_string(number), 16379 + number, servers);
  };
  std::vector<std::string> addresses;
  std::vector<std::unique_ptr<connection>> lasting;
  for (int number = 0; number < pools; ++number) {
    edgelb_.create(pool(number, true));
    addresses.push_back(edgelb_.private_address("pool-" + std::to_string(number)));
  }
  const auto before = edgelb_.haproxies();
  ASSERT_EQ(before.size(), static_cast<std::size_t>(pools));
  for (int flip = 0; flip < 10; ++flip) {
    for (int number = 0; number < pools; ++number) {
      const auto& address = addresses[static_cast<std::size_t>(number)];
      // The clients reconnect, and keep what they have: to the node that goes, too.
      lasting.push_back(std::make_unique<connection>(address, 16379 + number));
      EXPECT_NE(lasting.back()->read_line(), "");
      put(pool(number, flip % 2 != 0));
    }
    EXPECT_EQ(edgelb_.haproxies(), before) << "flip " << flip;
  }
  for (const auto& one : lasting) {
    EXPECT_TRUE(one->send("still here\n"));
    EXPECT_EQ(one->read_line(), "still here");
  }
}

TEST_F(EdgelbChurn, ServersComeAndGoWithoutAReload) {
  edgelb_.create(web({one_.port()}));
  const auto before = edgelb_.haproxies();
  EXPECT_EQ(greetings(), only_one_);
  put(web({one_.port(), two_.port()}));
  EXPECT_EQ(greetings(), both_);
  EXPECT_TRUE(eventually([&] {
    // 2: it is fully up.
    return ask("show servers state in")
             .find("127.0.0.1_" + std::to_string(two_.port()) + " 127.0.0.1 2 0 1 1")
           != std::string::npos;
  }))
    << ask("show servers state in");
  put(web({two_.port()}));
  EXPECT_EQ(greetings(), std::set<std::string>{"two"});
  put(web({one_.port(), two_.port()}));
  EXPECT_EQ(greetings(), both_);
  EXPECT_EQ(edgelb_.haproxies(), before);
}

TEST_F(EdgelbChurn, FileSaysWhatRunsAfterAChangeAtRuntime) {
  edgelb_.create(web({one_.port(), two_.port()}));
  put(web({two_.port()}));
  const auto file = read_file(instance() / "haproxy.cfg").value();
  EXPECT_EQ(file, edgelb_.call("GET", "/v2/pools/web/lbconfig").body);
  EXPECT_EQ(file.find(std::to_string(one_.port())), std::string::npos);
  const auto before = edgelb_.haproxies();
  edgelb_.restart();
  EXPECT_EQ(edgelb_.haproxies(), before) << "adopted as it is";
  ::kill(before.front(), SIGKILL);
  ASSERT_TRUE(eventually([&] {
    const auto now = edgelb_.haproxies();
    return now.size() == 1 && now != before && !greetings(1).count("");
  }));
  EXPECT_EQ(greetings(), std::set<std::string>{"two"});
}

TEST_F(EdgelbChurn, ParkedServerIsReadyAfterAReloadThatWantsIt) {
  edgelb_.create(web({one_.port(), two_.port()}));
  put(web({one_.port()}));
  auto pool = web({one_.port(), two_.port()});
  add_frontend(pool, "more", 16380, one_.port());
  put(pool);
  EXPECT_EQ(greetings(), both_);
}

TEST_F(EdgelbChurn, CrashInTheMiddleOfAChangeConverges) {
  edgelb_.create(web({one_.port(), two_.port()}));
  const auto server = "in/127.0.0.1_" + std::to_string(two_.port());
  edgelb_.restart([&] {
    // As edgelb-local leaves it when it dies between two commands.
    std::ofstream(instance() / "changing");
    ask("set server " + server + " state maint");
    EXPECT_EQ(greetings_at(edgelb_.addresses().address(16)), only_one_);
  });
  EXPECT_TRUE(eventually([&] { return greetings() == both_; }));
}

TEST_F(EdgelbChurn, BackendThatTakesNoServersAtRuntimeIsReloaded) {
  const auto balanced = [&](const std::vector<int>& ports) {
    auto pool = web(ports);
    pool["haproxy"]["backends"][0]["balance"] = "static-rr";
    return pool;
  };
  edgelb_.create(balanced({one_.port()}));
  const auto before = edgelb_.haproxies();
  put(balanced({one_.port(), two_.port()}));
  EXPECT_EQ(greetings(), both_);
  EXPECT_NE(edgelb_.haproxies(), before);
}

TEST_F(EdgelbChurn, ServersThatAreDownStayDownOverAReload) {
  const black_hole first;
  const black_hole second;
  const auto wanted = [&](int extra_port) {
    auto pool = web({one_.port(), first.port(), second.port()});
    for (auto& service : pool["haproxy"]["backends"][0]["services"])
      service["endpoint"]["check"] = {{"customStr", "inter 200ms fastinter 200ms fall 1"}};
    add_frontend(pool, "more", extra_port, one_.port());
    return pool;
  };
  edgelb_.create(wanted(16380));
  const auto down = [&] {
    int count = 0;
    for (const int port : {first.port(), second.port()})
      count +=
        ask("show servers state in").find("127.0.0.1_" + std::to_string(port) + " 127.0.0.1 0 ")
            != std::string::npos
          ? 1
          : 0;
    return count == 2;
  };
  ASSERT_TRUE(eventually(down)) << ask("show servers state in");
  for (int reload = 1; reload <= 3; ++reload) {
    put(wanted(16380 + reload));
    EXPECT_TRUE(down()) << "right after reload " << reload << ": " << ask("show servers state in");
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(greetings(), only_one_);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4))
      << "a request waited for the time limit of a connect, 5 s";
  }
  auto replaced = wanted(16384);
  replaced["mem"] = 128;
  put(replaced);
  EXPECT_EQ(greetings(), only_one_);
}

TEST_F(EdgelbChurn, ProcessesThatServeOldConnectionsAreBounded) {
  edgelb_.create(web({one_.port()}));
  std::vector<std::unique_ptr<connection>> lasting;
  for (int reload = 0; reload < 20; ++reload) {
    lasting.push_back(std::make_unique<connection>(edgelb_.private_address("web"), 16379));
    ASSERT_EQ(lasting.back()->read_line(), "one");
    auto pool = web({one_.port()});
    add_frontend(pool, "more", 17000 + reload, one_.port());
    put(pool);
  }
  EXPECT_TRUE(eventually([&] { return edgelb_.haproxies().size() == 17; }))
    << edgelb_.haproxies().size();
  EXPECT_EQ(lasting.front()->read_line(), "") << "the oldest ended";
  EXPECT_TRUE(lasting.back()->send("still here\n"));
  EXPECT_EQ(lasting.back()->read_line(), "still here");
  lasting.clear();
  EXPECT_TRUE(eventually([&] { return edgelb_.haproxies().size() == 1; }));
}

TEST_F(EdgelbChurn, InstanceOfAnEarlierVersionIsTakenOver) {
  edgelb_.create(web({one_.port()}));
  std::unique_ptr<connection> lasting;
  edgelb_.restart([&] {
    const auto folder = instance();
    for (const pid_t pid : edgelb_.haproxies())
      ::kill(pid, SIGKILL);
    ASSERT_TRUE(eventually([&] { return edgelb_.haproxies().empty(); }));
    // Versions before this one ran a master and a worker.
    const auto started = process::start(
      {haproxy_program::find("")->path(), "-W", "-db", "-f", (folder / "haproxy.cfg").string()},
      folder / "log");
    ASSERT_TRUE(started.has_value());
    ASSERT_TRUE(eventually([&] {
      lasting = std::make_unique<connection>(edgelb_.addresses().address(16), 16379);
      return lasting->read_line() == "one";
    }));
    EXPECT_EQ(edgelb_.haproxies().size(), 2U);
  });
  EXPECT_TRUE(eventually([&] { return edgelb_.haproxies().size() == 3; }))
    << "the next process; the two before it still serve a connection";
  EXPECT_TRUE(lasting->send("still here\n"));
  EXPECT_EQ(lasting->read_line(), "still here");
  lasting.reset();
  EXPECT_TRUE(eventually([&] { return edgelb_.haproxies().size() == 1; }));
  EXPECT_EQ(greetings(), only_one_);
}

TEST_F(EdgelbChurn, InstanceTakesAtMostFourMebibytes) {
  constexpr int pools = 40;
  for (int number = 0; number < pools; ++number) {
    auto pool = pool_over("pool-" + std::to_string(number), 0, {one_.port(), two_.port()});
    pool["mem"] = 128; // what dklb asks for where the user does not
    edgelb_.create(pool);
  }
  std::size_t kibibytes = 0;
  for (const pid_t pid : edgelb_.haproxies()) {
    std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string word; rollup >> word;) {
      if (word != "Pss:")
        continue;
      std::size_t part = 0;
      rollup >> part;
      kibibytes += part;
    }
  }
  EXPECT_GT(kibibytes, 0U);
  EXPECT_LE(kibibytes / pools, 4000U);
  RecordProperty("kibibytes_an_instance", static_cast<int>(kibibytes / pools));
}

} // namespace
} // namespace dklb::edgelb
