#include "edgelb/haproxy/files.hpp"
#include "edgelb/haproxy/haproxy.hpp"
#include "edgelb/pools/ports.hpp"
#include "edgelb/render/config_text.hpp"
#include "edgelb/render/renderer.hpp"
#include "edgelb/rules/pool_rules.hpp"
#include "edgelb/rules/pool_schema.hpp"
#include "tests/edgelb/fixture.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace dklb::edgelb {
namespace {

const std::filesystem::path golden = std::filesystem::path(DKLB_TEST_DATA) / "edgelb/golden";

const agent public_agent{{"127.0.64.16"}, {"127.0.64.48"}, public_role};

constexpr const char* some_tasks = R"({"frameworks": {
  "dev/kubernetes01": {"id": "fw-1", "tasks": [
    {"name": "kube-node-1", "agent": "127.0.65.1"},
    {"name": "kube-node-2", "agent": "127.0.65.2", "container": "127.0.66.2"},
    {"name": "kube-control-plane-1", "agent": "127.0.65.3"}]},
  "marathon": {"tasks": [
    {"name": "web.1", "service": "/web", "agent": "127.0.65.4",
     "ports": [{"name": "http", "port": 8080}, {"name": "admin", "port": 8081}]}]}}})";

domain::result<rendered> rendered_for(const document& pool, const agent& where = public_agent) {
  std::map<std::string, int> ports;
  int next = 20000;
  for (const auto& one : listeners_of(pool))
    ports[one.key] = one.port != 0 ? one.port : next++;
  const auto tasks = task_table::parse(some_tasks).value();
  return render(
    {pool, where, ports, tasks, "/tmp", std::chrono::hours(1), {{"localhost", "127.0.0.1"}}});
}

domain::result<domain::unit> checked_by_haproxy(const std::string& text) {
  const testing::temporary_folder scratch;
  return haproxy_program::find("").value().check(text, scratch.path());
}

std::string golden_text(const std::string& name) {
  const auto text = read_file(golden / name);
  EXPECT_TRUE(text.has_value()) << "golden file " << name << " is missing";
  return text ? *text : std::string{};
}

class Rendering : public ::testing::TestWithParam<const char*> {};

// DKLB_UPDATE_GOLDEN=1 in the environment writes the files anew; read the difference.
TEST_P(Rendering, GivesTheGoldenTextThatHaproxyAccepts) {
  const std::string name = GetParam();
  const auto pool = complete_pool(document::parse(golden_text(name + ".json"))).value();
  ASSERT_TRUE(check_pool(pool).has_value()) << check_pool(pool).failure().message;
  const auto text = rendered_for(pool).value().text;
  if (std::getenv("DKLB_UPDATE_GOLDEN") != nullptr)
    (void)write_plainly(golden / (name + ".cfg"), text);
  EXPECT_EQ(text, golden_text(name + ".cfg"));
  const auto accepted = checked_by_haproxy(text);
  EXPECT_TRUE(accepted.has_value()) << accepted.failure().message;
}

INSTANTIATE_TEST_SUITE_P(Pools, Rendering,
                         ::testing::Values("kubernetes", "http", "rewrite", "selectors", "raw",
                                           "empty", "service"),
                         [](const auto& one) { return std::string(one.param); });

TEST(Renderer, IsTheSameForTheSamePoolAndDiffersForAnother) {
  const auto pool = complete_pool(document::parse(golden_text("kubernetes.json"))).value();
  auto other = pool;
  other["haproxy"]["frontends"][0]["bindPort"] = 16380;
  EXPECT_EQ(rendered_for(pool)->text, rendered_for(pool)->text);
  EXPECT_NE(rendered_for(pool)->text, rendered_for(other)->text);
}

TEST(Renderer, NamesAreLookedUpByHaproxyAndNotByTheLibrary) {
  auto pool = complete_pool(document::parse(golden_text("http.json"))).value();
  pool["haproxy"]["backends"][0]["services"][1]["endpoint"]["address"] = "db.example.com";
  const auto text = rendered_for(pool)->text;
  EXPECT_NE(text.find(" db.example.com:8080 resolvers edgelb init-addr last,none"),
            std::string::npos)
    << text;
}

TEST(Renderer, HostsFileGivesTheFirstAddressOfAName) {
  const auto hosts = hosts_in("# 10.0.0.9 commented\n127.0.0.1\tlocalhost  me # 10.0.0.8\n"
                              "::1 localhost ip6-localhost\nnonsense line\n\n");
  EXPECT_EQ(hosts, (host_addresses{
                     {"localhost", "127.0.0.1"}, {"me", "127.0.0.1"}, {"ip6-localhost", "::1"}}));
}

TEST(Renderer, DescriptorsFollowTheMemoryOfThePool) {
  auto pool = complete_pool(document::parse(golden_text("kubernetes.json"))).value();
  for (const auto& [mem, descriptors] :
       {std::pair(0, "2048"), std::pair(128, "6144"), std::pair(1000000, "100000")}) {
    pool["mem"] = mem;
    EXPECT_NE(rendered_for(pool)->text.find(std::string("  fd-hard-limit ") + descriptors + "\n"),
              std::string::npos)
      << mem;
  }
}

TEST(Renderer, PrivateAgentBindsItsOneAddress) {
  const auto pool = complete_pool(document::parse(golden_text("kubernetes.json"))).value();
  const auto text = rendered_for(pool, {{"127.0.64.1"}, {}, "*"})->text;
  EXPECT_NE(text.find("bind 127.0.64.1:16379\n"), std::string::npos);
  EXPECT_EQ(text.find("127.0.64.48"), std::string::npos);
}

struct injection_case {
  const char* name;
  const char* pointer;
};

/// A pool that uses every field that is rendered.
document full_pool() {
  return document::parse(golden_text("http.json"));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream whole(text);
  for (std::string line; std::getline(whole, line);)
    lines.push_back(line);
  return lines;
}

class InjectionInto : public ::testing::TestWithParam<injection_case> {};

// Whatever stands in a field that is not raw: the pool is refused, or the configuration has the
// same lines as with a harmless value, keyword by keyword.
TEST_P(InjectionInto, AddsNoLine) {
  const document::json_pointer at(GetParam().pointer);
  for (const char* payload :
       {"x\nglobal", "x\n  server evil 6.6.6.6:1", "x\r\nlisten evil", "x\rlisten evil",
        "x' if TRUE #", "\"x", "x\\", "${HOME}", "} if TRUE", "x # comment", "%[env(HOME)]",
        "x\tuse-server", "-f /etc/passwd", "\x01", "x\x7f"}) {
    auto pool = full_pool();
    const auto harmless = rendered_for(complete_pool(pool).value())->text;
    ASSERT_TRUE(pool.contains(at));
    // A path must look like one to be rendered at all.
    const bool is_path = pool[at].get<std::string>().rfind('/', 0) == 0;
    pool[at] = (is_path ? "/" : "") + std::string(payload);
    const auto completed = complete_pool(pool);
    if (!completed || !check_pool(*completed))
      continue;
    const auto text = rendered_for(*completed);
    if (!text)
      continue;
    const auto before = lines_of(harmless);
    const auto after = lines_of(text->text);
    ASSERT_EQ(after.size(), before.size()) << GetParam().pointer << ": " << payload;
    for (std::size_t index = 0; index < after.size(); ++index) {
      const auto word = [](const std::string& line) {
        return line.substr(0, line.find(' ', line.find_first_not_of(' ')));
      };
      EXPECT_EQ(word(after[index]), word(before[index])) << payload;
    }
    EXPECT_EQ(text->text.find_first_of("\r\x01\x7f"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
  Fields, InjectionInto,
  ::testing::Values(
    injection_case{"PoolName", "/name"},
    injection_case{"FrontendName", "/haproxy/frontends/0/name"},
    injection_case{"BindAddress", "/haproxy/frontends/0/bindAddress"},
    injection_case{"DefaultBackend", "/haproxy/frontends/0/linkBackend/defaultBackend"},
    injection_case{"MapBackend", "/haproxy/frontends/0/linkBackend/map/0/backend"},
    injection_case{"HostEq", "/haproxy/frontends/0/linkBackend/map/0/hostEq"},
    injection_case{"HostReg", "/haproxy/frontends/0/linkBackend/map/1/hostReg"},
    injection_case{"PathBeg", "/haproxy/frontends/0/linkBackend/map/0/pathBeg"},
    injection_case{"PathEnd", "/haproxy/frontends/0/linkBackend/map/1/pathEnd"},
    injection_case{"PathReg", "/haproxy/frontends/0/linkBackend/map/2/pathReg"},
    injection_case{"RedirectHost", "/haproxy/frontends/1/redirectToHttps/except/0/host"},
    injection_case{"RedirectPath", "/haproxy/frontends/1/redirectToHttps/except/0/pathBeg"},
    injection_case{"BackendName", "/haproxy/backends/0/name"},
    injection_case{"Balance", "/haproxy/backends/0/balance"},
    injection_case{"HttpCheck", "/haproxy/backends/0/customCheck/httpchkMiscStr"},
    injection_case{"RewriteHost", "/haproxy/backends/0/rewriteHttp/host"},
    injection_case{"RewriteFrom", "/haproxy/backends/0/rewriteHttp/path/fromPath"},
    injection_case{"RewriteTo", "/haproxy/backends/0/rewriteHttp/path/toPath"},
    injection_case{"Address", "/haproxy/backends/0/services/0/endpoint/address"},
    injection_case{"StatsAddress", "/haproxy/stats/bindAddress"}),
  [](const auto& one) { return std::string(one.param.name); });

TEST(Injection, TaskNamesBecomeHarmlessServerNames) {
  const auto tasks = task_table::parse(R"({"frameworks": {"f": {"tasks": [
    {"name": "a\n  server evil 6.6.6.6:1", "agent": "127.0.0.1"}]}}})");
  const auto pool = complete_pool(document::parse(
    R"({"name": "p", "haproxy": {"backends": [{"name": "b", "services": [
        {"mesos": {"frameworkName": "f"}, "endpoint": {"port": 80}}]}]}})"));
  const auto servers = tasks->servers_of((*pool)["haproxy"]["backends"][0]);
  ASSERT_EQ(servers.size(), 1U);
  EXPECT_EQ(servers[0].name, "a___server_evil_6.6.6.6_1_80");
}

TEST(ConfigText, QuotesWhatIsNotPlain) {
  EXPECT_EQ(quoted_word("dev.kubernetes01:default:redis:6379"),
            "dev.kubernetes01:default:redis:6379");
  EXPECT_EQ(quoted_word(""), "''");
  EXPECT_EQ(quoted_word("a b"), "'a b'");
  EXPECT_EQ(quoted_word("it's"), "'it'\\''s'");
  EXPECT_EQ(quoted_word("$HOME#\"\\"), "'$HOME#\"\\'");
}

struct selector_case {
  const char* name;
  const char* service;
  std::vector<std::string> servers;
};

class Selectors : public ::testing::TestWithParam<selector_case> {};

TEST_P(Selectors, FindTasks) {
  const auto pool = complete_pool(
    {{"name", "p"},
     {"haproxy",
      {{"backends", {{{"name", "b"}, {"services", {document::parse(GetParam().service)}}}}}}}});
  const auto tasks = task_table::parse(some_tasks).value();
  std::vector<std::string> found;
  for (const auto& one : tasks.servers_of((*pool)["haproxy"]["backends"][0]))
    found.push_back(socket_text(one.address, one.port));
  EXPECT_EQ(found, GetParam().servers);
}

INSTANTIATE_TEST_SUITE_P(
  Table, Selectors,
  ::testing::Values(
    selector_case{"WhatDklbWrites",
                  R"({"marathon": {}, "mesos": {"frameworkName": "dev/kubernetes01",
      "taskNamePattern": "^kube-node-.*$"}, "endpoint": {"type": "CONTAINER_IP", "port": 31000}})",
                  {"127.0.65.1:31000", "127.0.66.2:31000"}},
    selector_case{"AgentAddress",
                  R"({"mesos": {"frameworkName": "dev/kubernetes01", "taskName":
      "kube-node-2"}, "endpoint": {"type": "AGENT_IP", "port": 1}})",
                  {"127.0.65.2:1"}},
    selector_case{"AutomaticAddress",
                  R"({"mesos": {"frameworkIDPattern": "fw-[0-9]", "taskNamePattern":
      "node"}, "endpoint": {"port": 1}})",
                  {"127.0.65.1:1", "127.0.66.2:1"}},
    selector_case{"NothingAsked", R"({"mesos": {}, "endpoint": {"port": 1}})", {}},
    selector_case{
      "OtherFramework", R"({"mesos": {"frameworkName": "other"}, "endpoint": {"port": 1}})", {}},
    selector_case{
      "MarathonFirstPort", R"({"marathon": {"serviceID": "/web"}})", {"127.0.65.4:8080"}},
    selector_case{"MarathonNamedPort",
                  R"({"marathon": {"serviceIDPattern": "^/web$"},
      "endpoint": {"portName": "admin"}})",
                  {"127.0.65.4:8081"}},
    selector_case{"MarathonAllPorts",
                  R"({"marathon": {"serviceID": "/web"}, "endpoint": {"allPorts": true}})",
                  {"127.0.65.4:8080", "127.0.65.4:8081"}},
    selector_case{"Address",
                  R"({"endpoint": {"type": "ADDRESS", "address": "10.0.0.9", "port": 5}})",
                  {"10.0.0.9:5"}}),
  [](const auto& one) { return std::string(one.param.name); });

TEST(TasksFile, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "{}", R"({"frameworks": {"f": {"tasks": [{"agent": "127.0.0.1"}]}}})",
        R"({"frameworks": {"f": {"tasks": [{"name": "t", "agent": "host"}]}}})",
        R"({"frameworks": {"f": {"tasks": [{"name": "t", "agent": "127.0.0.1",
            "ports": [{"port": 0}]}]}}})"})
    EXPECT_FALSE(task_table::parse(text).has_value()) << text;
}

TEST(HaproxyCheck, AnswersWithItsOwnWords) {
  const auto pool = complete_pool(document::parse(golden_text("kubernetes.json"))).value();
  auto text = rendered_for(pool)->text + "\nbackend bad\n  balance sideways\n";
  const auto refused = checked_by_haproxy(text);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.failure().http_status, 400);
  EXPECT_NE(refused.failure().message.find("only supports 'roundrobin'"), std::string::npos)
    << refused.failure().message;
  EXPECT_NE(refused.failure().message.find("[haproxy.cfg:"), std::string::npos);
}

TEST(HaproxyProgram, SaysWhichPackageIsMissing) {
  const auto missing = haproxy_program::find("/nowhere/haproxy");
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.failure().message.find("install the package haproxy"), std::string::npos);
}

} // namespace
} // namespace dklb::edgelb
