// Where the API server is and who we are there, from files and programs as they are found.
#include "http/kube/access/access.hpp"

#include "http/kube/access/child_process.hpp"
#include "http/kube/access/exec_credential.hpp"
#include "http/kube/access/token_sources.hpp"
#include "tests/http/kube/temporary_directory.hpp"
#include "tests/http/support/calls.hpp"
#include "tests/http/support/log_capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <thread>

namespace dklb::tests {
namespace {

using domain::error_code;
using namespace std::chrono_literals;
using http::kube::access;
using http::kube::credential;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using variables = std::map<std::string, std::string>;

http::kube::access_environment environment_of(variables known, const std::string& mount = "/no") {
  return {[known = std::move(known)](const std::string& name) -> std::optional<std::string> {
            const auto found = known.find(name);
            return found == known.end() ? std::nullopt : std::optional{found->second};
          },
          mount};
}

domain::result<credential> credential_of(http::kube::token_source& source) {
  awaited<domain::result<credential>> answer;
  source.get(answer.callback());
  return answer.get();
}

std::string kubeconfig_text(const std::string& server, const std::string& user = "{}") {
  return "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
         "clusters: [{name: k, cluster: {server: \""
         + server + "\"}}]\nusers: [{name: u, user: " + user + "}]\n";
}

struct AccessTest : testing::Test {
  temporary_directory files;
};

TEST_F(AccessTest, InClusterTheServiceAccountIsUsed) {
  files.write("token", "abc\n");
  files.write("ca.crt", "PEM");
  files.write("namespace", "dklb-system\n");
  const std::pair<const char*, const char*> hosts[] = {
    {"10.0.0.1", "https://10.0.0.1:6443"},
    {"fd00::1", "https://[fd00::1]:6443"},
    {"[fd00::1]", "https://[fd00::1]:6443"},
    {"kubernetes.default", "https://kubernetes.default:6443"},
  };
  for (const auto& [host, url] : hosts) {
    const auto found = http::kube::find_access(
      "", environment_of({{"KUBERNETES_SERVICE_HOST", host}, {"KUBERNETES_SERVICE_PORT", "6443"}},
                         files.path()));
    ASSERT_TRUE(found) << found.failure().message;
    EXPECT_EQ(found->where->base_url, url);
    EXPECT_EQ(found->where->ca_file, files.path("ca.crt"));
    EXPECT_EQ(found->name_space, "dklb-system");
    EXPECT_EQ(found->source, "in-cluster");
    EXPECT_EQ(credential_of(*found->token)->authorization, "Bearer abc");
  }
}

TEST_F(AccessTest, InClusterWithoutATokenNamesTheFile) {
  files.write("ca.crt", "PEM");
  const auto found = http::kube::find_access(
    "", environment_of({{"KUBERNETES_SERVICE_HOST", "h"}, {"KUBERNETES_SERVICE_PORT", "1"}},
                       files.path()));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.failure().message,
              AllOf(HasSubstr(files.path("token")), HasSubstr("automountServiceAccountToken")));
}

TEST_F(AccessTest, TheSourcesHaveAnOrder) {
  files.write("token", "abc");
  files.write("ca.crt", "PEM");
  files.write("given", kubeconfig_text("https://given"));
  files.write("listed", kubeconfig_text("https://listed"));
  files.write(".kube/config", kubeconfig_text("https://home"));
  const variables pod{{"KUBERNETES_SERVICE_HOST", "pod"}, {"KUBERNETES_SERVICE_PORT", "1"}};
  const variables list{{"KUBECONFIG", "/missing::" + files.path("listed")}};
  const variables home{{"HOME", files.path()}};
  const auto merged = [](std::initializer_list<variables> all) {
    variables result;
    for (const auto& one : all)
      result.insert(one.begin(), one.end());
    return result;
  };
  struct expected {
    std::string given;
    variables known;
    std::string url;
  };
  const expected table[] = {
    {files.path("given"), merged({pod, list, home}), "https://given"},
    {"", merged({pod, list, home}), "https://listed"},
    {"", merged({pod, home}), "https://pod:1"},
    {"", home, "https://home"},
  };
  for (const auto& [given, known, url] : table) {
    const auto found = http::kube::find_access(given, environment_of(known, files.path()));
    ASSERT_TRUE(found) << found.failure().message;
    EXPECT_EQ(found->where->base_url, url);
  }
  // The account is not mounted, as on a developer's machine inside of a pod.
  const auto unmounted = [&](const variables& known) {
    const auto found = http::kube::find_access("", environment_of(known, "/no/such/mount"));
    return found ? found->where->base_url + " from " + found->source : found.failure().message;
  };
  EXPECT_EQ(unmounted(merged({pod, list})),
            "https://listed from KUBECONFIG (" + files.path("listed") + ", context c)");
  EXPECT_EQ(unmounted(merged({pod, home})),
            "https://home from the home folder (" + files.path(".kube/config") + ", context c)");
}

TEST_F(AccessTest, AContextIsOfAKubeconfigAndNeverOfAPod) {
  files.write("token", "abc");
  files.write("ca.crt", "PEM");
  const variables pod{
    {"KUBERNETES_SERVICE_HOST", "pod"}, {"KUBERNETES_SERVICE_PORT", "1"}, {"HOME", files.path()}};
  const auto none = http::kube::find_access("", environment_of(pod, files.path()), "c");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.failure().message, HasSubstr("a pod has no contexts"));
  files.write(".kube/config", kubeconfig_text("https://home"));
  const auto found = http::kube::find_access("", environment_of(pod, files.path()), "c");
  ASSERT_TRUE(found) << found.failure().message;
  EXPECT_EQ(found->where->base_url, "https://home");
}

TEST_F(AccessTest, WhatWasTriedIsNamed) {
  const variables pod{
    {"KUBERNETES_SERVICE_HOST", "pod"}, {"KUBERNETES_SERVICE_PORT", "1"}, {"HOME", files.path()}};
  const auto none = http::kube::find_access("", environment_of(pod, "/no/such/mount"));
  ASSERT_FALSE(none);
  EXPECT_THAT(none.failure().message,
              AllOf(HasSubstr("KUBECONFIG is not set"), HasSubstr("/no/such/mount/token"),
                    HasSubstr(files.path(".kube/config")), HasSubstr("--kubeconfig")));
  // What is named and is not there is no reason to be somebody else.
  files.write(".kube/config", kubeconfig_text("https://home"));
  auto named = pod;
  named["KUBECONFIG"] = "/missing:/absent";
  const auto missing = http::kube::find_access("", environment_of(named, files.path()));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.failure().message, HasSubstr("KUBECONFIG names /missing:/absent"));
}

TEST_F(AccessTest, NoWayAtAllSaysWhatToDo) {
  const auto found = http::kube::find_access("", environment_of({{"HOME", files.path()}}));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.failure().message,
              AllOf(HasSubstr(files.path(".kube/config")), HasSubstr("--kubeconfig")));
  const auto given = http::kube::find_access(files.path("absent"), environment_of({}));
  ASSERT_FALSE(given);
  EXPECT_THAT(given.failure().message, HasSubstr(files.path("absent")));
}

TEST_F(AccessTest, AFileWithoutEndIsRefused) {
  const auto given = http::kube::find_access("/dev/zero", environment_of({}));
  ASSERT_FALSE(given);
  EXPECT_THAT(given.failure().message, AllOf(HasSubstr("/dev/zero"), HasSubstr("at most 1 MiB")));
  files.write("config", kubeconfig_text("https://a", "{tokenFile: /dev/zero, token: plain}"));
  const auto found = http::kube::find_access(files.path("config"), environment_of({}));
  ASSERT_TRUE(found);
  EXPECT_EQ(credential_of(*found->token)->authorization, "Bearer plain");
}

TEST_F(AccessTest, AFileThatTheKubeconfigNamesHasToBeThere) {
  files.write("config", kubeconfig_text("https://a", "{client-certificate: c, client-key: k}"));
  files.write("c", "PEM");
  const auto found = http::kube::find_access(files.path("config"), environment_of({}));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.failure().message, AllOf(HasSubstr(files.path("config")),
                                             HasSubstr("client-key"), HasSubstr(files.path("k"))));
}

TEST_F(AccessTest, OfTokensTheFileGoesFirstThenTheTokenThenThePlugin) {
  files.write("t", "from-file");
  const std::pair<const char*, const char*> users[] = {
    {"{tokenFile: t, token: plain}", "Bearer from-file"},
    {"{tokenFile: absent, token: plain}", "Bearer plain"},
    {"{token: plain, exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false'}}",
     "Bearer plain"},
  };
  for (const auto& [user, authorization] : users) {
    files.write("config", kubeconfig_text("https://a", user));
    const auto found = http::kube::find_access(files.path("config"), environment_of({}));
    ASSERT_TRUE(found) << found.failure().message;
    EXPECT_EQ(credential_of(*found->token)->authorization, authorization);
  }
}

TEST_F(AccessTest, WithoutATokenThereIsNoSource) {
  files.write("config", kubeconfig_text("https://a"));
  const auto found = http::kube::find_access(files.path("config"), environment_of({}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->token, nullptr);
}

/// Clocks that a test turns.
struct turned_clocks {
  std::shared_ptr<std::atomic<std::int64_t>> seconds =
    std::make_shared<std::atomic<std::int64_t>>(0);
  http::kube::source_clocks clocks() const {
    return {[now = seconds] { return std::chrono::steady_clock::time_point{now->load() * 1s}; },
            [now = seconds] { return std::chrono::system_clock::time_point{now->load() * 1s}; }};
  }
};

TEST_F(AccessTest, ATokenFileIsReadAgainEveryMinute) {
  files.write("t", "one");
  turned_clocks time;
  const auto source = http::kube::make_file_token(files.path("t"), "", time.clocks());
  EXPECT_EQ(credential_of(*source)->authorization, "Bearer one");
  files.write("t", "two");
  *time.seconds = 59;
  EXPECT_EQ(credential_of(*source)->authorization, "Bearer one");
  *time.seconds = 60;
  EXPECT_EQ(credential_of(*source)->authorization, "Bearer two");
}

TEST_F(AccessTest, ARefusedTokenFileIsReadAgainAtOnce) {
  files.write("t", "one");
  turned_clocks time;
  const auto source = http::kube::make_file_token(files.path("t"), "", time.clocks());
  const auto before = *credential_of(*source);
  files.write("t", "two");
  EXPECT_TRUE(source->refused(before));
  EXPECT_EQ(credential_of(*source)->authorization, "Bearer two");
  files.write("t", "three");
  EXPECT_TRUE(source->refused(before)) << "there is a newer one to try";
  EXPECT_EQ(credential_of(*source)->authorization, "Bearer two");
}

TEST_F(AccessTest, ATokenFileThatVanishesLeavesTheLastToken) {
  files.write("t", "one");
  turned_clocks time;
  const auto source = http::kube::make_file_token(files.path("t"), "", time.clocks());
  ASSERT_TRUE(credential_of(*source));
  files.write("t", "");
  *time.seconds = 61;
  EXPECT_EQ(credential_of(*source)->authorization, "Bearer one");
}

TEST_F(AccessTest, ATokenFileThatNeverWasIsAnErrorThatNamesIt) {
  const auto source = http::kube::make_file_token(files.path("t"));
  const auto answer = credential_of(*source);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().code, error_code::unauthorized);
  EXPECT_THAT(answer.failure().message, HasSubstr(files.path("t")));
}

/// A plugin that counts its runs in a file and prints what `output` holds.
struct ExecTest : AccessTest {
  ExecTest() {
    plugin.api_version = "client.authentication.k8s.io/v1";
    plugin.command = files.write_program(
      "plugin", "echo run >> \"$DIR/runs\"\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" > \"$DIR/info\"\n"
                "printf '%s' \"$*\" > \"$DIR/args\"\ncat \"$DIR/output\"\n");
    plugin.environment = {{"DIR", files.path()}};
    where->base_url = "https://api.example";
  }

  void print(const nlohmann::json& status,
             const std::string& version = "client.authentication.k8s.io/v1") const {
    files.write(
      "output",
      nlohmann::json{{"apiVersion", version}, {"kind", "ExecCredential"}, {"status", status}}
        .dump());
  }
  std::shared_ptr<http::kube::token_source> source() const {
    return http::kube::make_exec_token(plugin, cluster, where, time.clocks(), 10s);
  }
  std::size_t runs() const {
    const auto text = files.read("runs");
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  http::kube::exec_config plugin;
  http::kube::kubeconfig_cluster cluster;
  std::shared_ptr<http::endpoint> where = std::make_shared<http::endpoint>();
  turned_clocks time;
};

TEST_F(ExecTest, ItsTokenIsKeptUntilItExpires) {
  print({{"token", "one"}, {"expirationTimestamp", "1970-01-01T00:01:00Z"}});
  const auto exec = source();
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer one");
  print({{"token", "two"}});
  *time.seconds = 59;
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer one");
  *time.seconds = 60;
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer two");
  *time.seconds = 1000000;
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer two") << "no expiry: until it is refused";
  EXPECT_EQ(runs(), 2U);
}

TEST_F(ExecTest, ARefusedTokenMakesItRunOnceMoreHoweverManyComplain) {
  print({{"token", "one"}});
  const auto exec = source();
  const auto first = *credential_of(*exec);
  print({{"token", "two"}});
  EXPECT_TRUE(exec->refused(first));
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer two");
  EXPECT_TRUE(exec->refused(first));
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer two");
  EXPECT_EQ(runs(), 2U);
}

TEST_F(ExecTest, OneThatHasExpiredAlreadyIsUsedAndToldOnceAndAskedForOnceInTenSeconds) {
  *time.seconds = 100;
  print({{"token", "one"}, {"expirationTimestamp", "1970-01-01T00:01:00Z"}});
  const log_capture log;
  const auto exec = source();
  for (int second = 100; second < 120; second += 2) { // as a Lease is renewed
    *time.seconds = second;
    EXPECT_EQ(credential_of(*exec)->authorization, "Bearer one");
  }
  EXPECT_EQ(runs(), 2U);
  EXPECT_EQ(log.count("expired at 1970-01-01T00:01:00Z, but it is 1970-01-01T00:01:40Z here"), 1U);
  EXPECT_EQ(log.count("compare the clocks"), 1U) << log.text();
  // The clocks agree again, and part once more.
  print({{"token", "two"}, {"expirationTimestamp", "1970-01-01T00:02:10Z"}});
  *time.seconds = 120;
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer two");
  *time.seconds = 131;
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer two");
  EXPECT_EQ(log.count("expired at 1970-01-01T00:02:10Z, but it is 1970-01-01T00:02:11Z here"), 1U);
}

TEST_F(ExecTest, OneThatIsRefusedAgainAndAgainMakesItRunOnceInTenSeconds) {
  print({{"token", "one"}});
  const auto exec = source();
  EXPECT_TRUE(exec->refused(*credential_of(*exec))) << "the first refusal is believed at once";
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer one");
  EXPECT_FALSE(exec->refused(*credential_of(*exec))) << "there is nothing else to try";
  EXPECT_EQ(runs(), 2U);
  *time.seconds = 10;
  EXPECT_TRUE(exec->refused(*credential_of(*exec)));
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer one");
  EXPECT_EQ(runs(), 3U);
}

TEST_F(ExecTest, ItsClientCertificateCompletesTheEndpoint) {
  print({{"clientCertificateData", "CERT"}, {"clientKeyData", "KEY"}});
  where->client_certificate_file = "/old";
  const auto answer = credential_of(*source());
  ASSERT_TRUE(answer) << answer.failure().message;
  EXPECT_EQ(answer->authorization, "");
  ASSERT_TRUE(answer->where);
  EXPECT_EQ(answer->where->base_url, "https://api.example");
  EXPECT_EQ(answer->where->client_certificate_data, "CERT");
  EXPECT_EQ(answer->where->client_key_data, "KEY");
  EXPECT_EQ(answer->where->client_certificate_file, "");
}

TEST_F(ExecTest, ItIsGivenItsArgumentsAndTheClusterWhereAskedFor) {
  print({{"token", "one"}});
  plugin.arguments = {"get", "token"};
  ASSERT_TRUE(credential_of(*source()));
  EXPECT_EQ(files.read("args"), "get token");
  EXPECT_EQ(nlohmann::json::parse(files.read("info")),
            nlohmann::json::parse(R"({"apiVersion":"client.authentication.k8s.io/v1",
                                      "kind":"ExecCredential","spec":{"interactive":false}})"));
  plugin.provide_cluster_info = true;
  cluster.server = "https://api.example";
  cluster.ca_file = files.path("ca");
  files.write("ca", "PEM");
  cluster.tls_server_name = "name";
  cluster.proxy_url = "http://proxy";
  cluster.insecure_skip_tls_verify = true;
  cluster.exec_extension = {{"audience", "a"}};
  ASSERT_TRUE(credential_of(*source()));
  EXPECT_EQ(nlohmann::json::parse(files.read("info")).at("spec").at("cluster"),
            nlohmann::json::parse(R"({"server":"https://api.example","tls-server-name":"name",
              "insecure-skip-tls-verify":true,"certificate-authority-data":"UEVN",
              "proxy-url":"http://proxy","config":{"audience":"a"}})"));
}

TEST_F(ExecTest, BytesOfTheKubeconfigThatAreNoUtf8DoNotEndIt) {
  print({{"token", "one"}});
  plugin.provide_cluster_info = true;
  cluster.server = "https://api.example/\xff";
  EXPECT_EQ(credential_of(*source())->authorization, "Bearer one");
}

TEST_F(ExecTest, WhatGoesWrongIsToldWithoutItsOutput) {
  struct expected {
    const char* program;
    const char* told;
  };
  const expected table[] = {
    {"echo s3cr3t; exit 3", "exit status 3"},
    {"echo s3cr3t", "is no ExecCredential"},
    {"kill -9 $$", "ended by a signal"},
    {"head -c 3000000 /dev/zero", "printed too much"},
  };
  plugin.install_hint = "get it there";
  for (const auto& [program, told] : table) {
    plugin.command = files.write_program("bad", program);
    const auto answer = credential_of(*source());
    ASSERT_FALSE(answer) << program;
    EXPECT_EQ(answer.failure().code, error_code::unauthorized);
    EXPECT_THAT(answer.failure().message,
                AllOf(HasSubstr(plugin.command), HasSubstr(told), HasSubstr("(get it there)"),
                      Not(HasSubstr("s3cr3t"))));
  }
  plugin.command = "no-such-program-anywhere";
  EXPECT_THAT(credential_of(*source()).failure().message, HasSubstr("cannot be started"));
}

TEST_F(ExecTest, AFailureIsNotKept) {
  files.write("output", "nothing");
  const auto exec = source();
  EXPECT_FALSE(credential_of(*exec));
  print({{"token", "one"}});
  EXPECT_EQ(credential_of(*exec)->authorization, "Bearer one");
}

TEST_F(ExecTest, OneThatHangsIsKilledWithItsChildren) {
  http::kube::command what;
  what.program = files.write_program("slow", "sleep 300 & echo $! > \"$DIR/child\"\nwait\n");
  what.environment = {{"DIR", files.path()}};
  what.timeout = 200ms;
  const http::kube::cancel_signal never;
  const auto output = http::kube::run_command(what, never);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.failure().code, error_code::timeout);
  const auto child = files.read("child");
  ASSERT_FALSE(child.empty());
  EXPECT_TRUE(eventually([&child] {
    // A killed child may linger as a zombie until its new parent looks.
    const auto state =
      temporary_directory::read_file("/proc/" + std::to_string(std::stoi(child)) + "/stat");
    return state.empty() || state.find(") Z") != std::string::npos;
  }));
}

TEST_F(ExecTest, OneWhoseChildKeepsThePipeOpenIsNotWaitedFor) {
  http::kube::command what;
  what.program = files.write_program("daemon", "sleep 300 &\necho $!\n");
  const http::kube::cancel_signal never;
  const auto output = http::kube::run_command(what, never);
  ASSERT_TRUE(output) << output.failure().message;
  EXPECT_EQ(::kill(std::stoi(*output), SIGKILL), 0) << "it was still there";
}

TEST_F(ExecTest, ItsEndIsNotWaitedForWhenTheSourceGoes) {
  plugin.command = files.write_program("slow", "touch \"$DIR/started\"\nexec sleep 300\n");
  awaited<domain::result<credential>> answer;
  auto exec = source();
  exec->get(answer.callback());
  EXPECT_TRUE(eventually([this] { return files.exists("started"); }));
  exec.reset();
  const auto outcome = answer.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().code, error_code::cancelled);
}

TEST_F(ExecTest, ItMayBeLetGoByItsOwnAnswer) {
  print({{"token", "one"}});
  auto exec = source();
  gate told;
  exec->get([&](const domain::result<credential>&) {
    exec.reset();
    told.open();
  });
  EXPECT_TRUE(told.wait());
}

TEST(ExecCredential, WhatIsNoneIsRefused) {
  const char* version = "client.authentication.k8s.io/v1";
  const auto output = [&](const char* status) {
    return std::string{R"({"apiVersion":")"} + version + R"(","kind":"ExecCredential","status":)"
           + status + "}";
  };
  const std::pair<std::string, const char*> table[] = {
    {"", "is no ExecCredential"},
    {R"({"kind":"Secret"})", "is no ExecCredential"},
    {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})",
     "another apiVersion"},
    {output("null"), "has no status"},
    {output("{}"), "neither a token nor a client certificate"},
    {output(R"({"token":1})"), "neither a token nor a client certificate"},
    {output(R"({"clientCertificateData":"s3cr3t"})"), "without its key"},
    {output(R"({"clientKeyData":"s3cr3t"})"), "without its key"},
    {output(R"({"token":"s3cr3t","expirationTimestamp":"soon"})"), "is no RFC 3339 time"},
  };
  for (const auto& [text, told] : table) {
    const auto credential = http::kube::parse_exec_credential(text, version);
    ASSERT_FALSE(credential) << text;
    EXPECT_THAT(credential.failure().message, AllOf(HasSubstr(told), Not(HasSubstr("s3cr3t"))));
  }
}

} // namespace
} // namespace dklb::tests
