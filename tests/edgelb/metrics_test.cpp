// The page /metrics over real HAProxy.
#include "edgelb/metrics/exporter.hpp"
#include "edgelb/metrics/metrics.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <regex>
#include <set>

namespace dklb::edgelb {
namespace {

using testing::add_frontend;
using testing::connection;
using testing::echo_server;
using testing::eventually;
using testing::greeting;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::running_edgelb;
using testing::tcp_pool;

class EdgelbMetrics : public ::testing::Test {
protected:
  std::string page(bool servers = false) {
    auto made = metrics(edgelb_.pools()).page(servers);
    EXPECT_TRUE(made.has_value());
    return made ? *made : "";
  }

  /// The values of a metric's samples that have these texts among their labels.
  static std::vector<double> values(const std::string& page, const std::string& metric,
                                    const std::string& labels = {},
                                    const std::string& more_labels = {}) {
    std::vector<double> found;
    std::istringstream whole(page);
    for (std::string line; std::getline(whole, line);)
      if (line.starts_with(metric + "{") && line.find(labels) != std::string::npos
          && line.find(more_labels) != std::string::npos)
        found.push_back(std::stod(line.substr(line.rfind(' ') + 1)));
    return found;
  }

  double value(const std::string& metric, const std::string& labels = {}) {
    const auto found = values(page(), metric, labels);
    EXPECT_EQ(found.size(), 1U) << metric << " " << labels;
    return found.size() == 1 ? found.front() : -1;
  }

  double instances(const std::string& pool, const std::string& state) {
    return value("edgelb_instances", "{pool=\"" + pool + "\",state=\"" + state + "\"}");
  }

  running_edgelb edgelb_;
  echo_server backend_{"echo"};
};

TEST_F(EdgelbMetrics, AreThereWithoutAnyPool) {
  const auto text = page();
  EXPECT_THAT(text, HasSubstr("edgelb_pools 0\n"));
  EXPECT_THAT(text, HasSubstr("edgelb_build_info{version="));
  EXPECT_THAT(text, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(text, Not(HasSubstr("haproxy_")));
}

TEST_F(EdgelbMetrics, TrafficOfEachPoolHasItsLabels) {
  edgelb_.create(tcp_pool("one", 18101, backend_.port()));
  edgelb_.create(tcp_pool("two", 18102, backend_.port()));
  const auto address = edgelb_.private_address("one");
  for (int number = 0; number < 3; ++number)
    ASSERT_EQ(greeting(address, 18101), "echo");
  const auto connections = [&](const std::string& text, const std::string& pool) {
    return values(text, "haproxy_frontend_connections_total", "pool=\"" + pool + "\"",
                  "proxy=\"in\"");
  };
  ASSERT_TRUE(eventually([&] { return connections(page(), "one") == std::vector{3.0}; }));
  const auto text = page();
  EXPECT_EQ(connections(text, "two"), std::vector{0.0});
  EXPECT_EQ(values(text, "haproxy_process_nbthread").size(), 2U) << "one for each instance";
  EXPECT_EQ(values(text, "edgelb_instances_not_scraped"), (std::vector<double>{0, 0}));
  EXPECT_EQ(values(text, "edgelb_instance_memory_bytes").size(), 2U);
  for (const auto bytes : values(text, "edgelb_instance_memory_bytes"))
    EXPECT_GT(bytes, 1e6);
}

TEST_F(EdgelbMetrics, EachFamilyHasItsTypeOnceAndNoSeriesIsThereTwice) {
  auto pool = tcp_pool("web", 18103, backend_.port());
  pool["count"] = 2;
  add_frontend(pool, "second", 18104, backend_.port());
  edgelb_.create(pool);
  const auto text = page(true);
  std::set<std::string> heads;
  std::set<std::string> series;
  std::string family;
  const std::regex sample(R"re(([A-Za-z_:][A-Za-z0-9_:]*)(\{([a-z_]+="[^"]*",?)*\})? \S+)re");
  std::istringstream whole(text);
  for (std::string line; std::getline(whole, line);) {
    if (line.starts_with("# ")) {
      EXPECT_TRUE(heads.insert(line.substr(0, line.find(' ', 7))).second) << line;
      family = line.substr(7, line.find(' ', 7) - 7);
      continue;
    }
    std::smatch parts;
    ASSERT_TRUE(std::regex_match(line, parts, sample)) << line;
    EXPECT_EQ(parts[1], family) << "samples follow their family's head";
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_EQ(values(text, "haproxy_process_nbthread", "pool=\"web\"").size(), 2U);
}

TEST_F(EdgelbMetrics, SeriesPerServerComeOnRequestOnlyAndThoseOfTheExporterNever) {
  edgelb_.create(tcp_pool("web", 18105, backend_.port()));
  EXPECT_THAT(page(), Not(HasSubstr("haproxy_server_")));
  EXPECT_THAT(page(true), HasSubstr("haproxy_server_status{pool=\"web\",instance="));
  EXPECT_THAT(page(true), Not(HasSubstr("edgelb:exporter")));
}

TEST_F(EdgelbMetrics, ReloadsAndRestartsAreCountedAndChangesAtRuntimeAreNot) {
  auto pool = tcp_pool("web", 18106, backend_.port());
  edgelb_.create(pool);
  EXPECT_EQ(value("edgelb_instance_reloads_total"), 0);
  EXPECT_EQ(value("edgelb_instance_restarts_total"), 0);
  add_frontend(pool, "second", 18107, backend_.port());
  ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/web", pool).status, 200);
  EXPECT_EQ(value("edgelb_instance_reloads_total"), 1);
  auto more = pool;
  auto server = more["haproxy"]["backends"][0]["services"][0];
  server["endpoint"]["port"] = backend_.port() + 1;
  more["haproxy"]["backends"][0]["services"].push_back(server);
  ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/web", more).status, 200);
  EXPECT_EQ(value("edgelb_instance_reloads_total"), 1);
  EXPECT_EQ(value("edgelb_instance_restarts_total"), 0);
  for (const auto pid : edgelb_.haproxies())
    ::kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return value("edgelb_instance_restarts_total") == 1; }));
  EXPECT_TRUE(eventually([&] { return instances("web", "running") == 1; }));
  EXPECT_EQ(instances("web", "down"), 0);
}

TEST_F(EdgelbMetrics, AnInstanceThatHangsIsLeftOutAndCountedInBoundedTime) {
  edgelb_.create(tcp_pool("good", 18108, backend_.port()));
  const auto before = edgelb_.haproxies();
  edgelb_.create(tcp_pool("hangs", 18109, backend_.port()));
  pid_t stopped = 0;
  for (const auto pid : edgelb_.haproxies())
    if (std::find(before.begin(), before.end(), pid) == before.end())
      stopped = pid;
  ASSERT_NE(stopped, 0);
  ::kill(stopped, SIGSTOP);
  const auto start = std::chrono::steady_clock::now();
  const auto text = page();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  ::kill(stopped, SIGCONT);
  EXPECT_EQ(values(text, "edgelb_instances_not_scraped", "pool=\"hangs\""), std::vector{1.0});
  EXPECT_EQ(values(text, "edgelb_instances_not_scraped", "pool=\"good\""), std::vector{0.0});
  EXPECT_EQ(values(text, "haproxy_process_nbthread", "pool=\"good\"").size(), 1U);
  EXPECT_TRUE(values(text, "haproxy_process_nbthread", "pool=\"hangs\"").empty());
  EXPECT_TRUE(eventually([&] { return value("edgelb_instances_not_scraped", "hangs") == 0; }));
}

TEST_F(EdgelbMetrics, InstancesThatWaitAndThatDrainAreCountedByState) {
  auto pool = tcp_pool("web", 18110, backend_.port());
  edgelb_.create(pool);
  auto many = tcp_pool("many", 18111, backend_.port());
  many["count"] = 17; // two more than there are agents
  edgelb_.create(many);
  EXPECT_EQ(instances("many", "waiting"), 2);
  EXPECT_EQ(instances("many", "running") + instances("many", "waiting"), 17);
  EXPECT_EQ(instances("web", "waiting"), 0);
  // Another size of the container replaces the instance; its connection goes on.
  connection client(edgelb_.private_address("web"), 18110);
  ASSERT_EQ(client.read_line(), "echo");
  pool["mem"] = 64;
  ASSERT_EQ(edgelb_.call("PUT", "/v2/pools/web", pool).status, 200);
  EXPECT_EQ(instances("web", "draining"), 1);
  EXPECT_EQ(instances("web", "running"), 1);
  EXPECT_EQ(values(page(), "haproxy_process_nbthread", "pool=\"web\"").size(), 1U);
  client = connection("127.0.0.1", 1);
  EXPECT_TRUE(eventually([&] { return instances("web", "draining") == 0; }));
}

TEST_F(EdgelbMetrics, TheExportersSocketIsOfThisUserAloneAndNotOnThePublicAddress) {
  edgelb_.create(tcp_pool("web", 18112, backend_.port()));
  const auto view = edgelb_.pools().find("web");
  ASSERT_EQ(view->instances.size(), 1U);
  const auto socket = view->instances.front().folder / "m";
  ASSERT_TRUE(std::filesystem::is_socket(socket));
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(socket).permissions() & perms::all,
            perms::owner_read | perms::owner_write);
}

TEST_F(EdgelbMetrics, NoPoolTakesTheNameOfTheExporter) {
  auto pool = tcp_pool("web", 18113, backend_.port());
  pool["haproxy"]["frontends"][0]["name"] = "edgelb:exporter";
  const auto answer = edgelb_.call("POST", "/v2/pools", pool);
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("the name is kept for HAProxy's exporter"));
}

TEST(EdgelbExporter, AFolderWithoutAProcessIsAnErrorThatNamesTheSocket) {
  const auto page = read_exporter("/nonexistent", false, std::chrono::milliseconds(100));
  ASSERT_FALSE(page.has_value());
  EXPECT_THAT(page.failure().message, HasSubstr("/nonexistent/m"));
}

} // namespace
} // namespace dklb::edgelb
