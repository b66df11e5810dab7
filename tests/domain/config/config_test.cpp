#include "domain/config/config.hpp"

#include "domain/config/config_fields.hpp"
#include "tests/domain/support/changed_config.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

using namespace dklb::domain;
using namespace std::chrono_literals;

namespace {

/// Every mistake of the text as `dklb check-config` prints it, one to a line.
std::string mistakes_in(const std::string& yaml,
                        const std::optional<std::string>& cluster_name = {}) {
  std::string text;
  for (const auto& mistake : parse_config(yaml, cluster_name).mistakes)
    text += to_string(mistake, "dklb.yaml") + "\n";
  return text;
}

TEST(Config, NeedsNothingButTheClustersName) {
  const auto outcome = parse_config("clusterName: dev/kubernetes01\n");
  ASSERT_TRUE(outcome.value) << mistakes_in("clusterName: dev/kubernetes01\n");
  config expected;
  expected.cluster_name = "dev/kubernetes01";
  EXPECT_EQ(config_to_json(*outcome.value), config_to_json(expected));
}

TEST(Config, ReadsEveryKey) {
  const auto outcome = parse_config(changed_everywhere);
  ASSERT_TRUE(outcome.value) << mistakes_in(changed_everywhere);
  const auto& value = *outcome.value;
  EXPECT_EQ(value.edgelb.url, "https://edgelb.example.com:8443/service/edgelb");
  EXPECT_TRUE(value.edgelb.insecure_skip_tls_verify);
  EXPECT_EQ(value.kubernetes.qps, 20.5);
  EXPECT_FALSE(value.kubernetes.claim_unclassed);
  EXPECT_EQ(value.pools.mode, backend_mode::nodes);
  EXPECT_EQ(value.services.publish, publish_kind::public_only);
  EXPECT_EQ(value.services.mode, ip_mode::vip);
  EXPECT_EQ(value.services.others, other_protocols::skip);
  EXPECT_EQ(value.concurrency.scheduler_threads, 2);
  EXPECT_EQ(value.concurrency.pool_write_gap, 0ms);
  EXPECT_EQ(value.concurrency.poll_max, 1min);
  EXPECT_EQ(value.concurrency.kubernetes_timeout, 6s);
  EXPECT_EQ(value.concurrency.max_restarts, 3);
  EXPECT_EQ(value.leader_election.renew_deadline, 40s);
  EXPECT_EQ(value.http.listen, "[::1]:0");
  EXPECT_EQ(value.http.allowed_hosts, (std::vector<std::string>{"dklb.example.com", "dklb"}));
  EXPECT_EQ(config_to_json(value)["http"]["allowedHosts"],
            nlohmann::json({"dklb.example.com", "dklb"}));
  EXPECT_EQ(value.webhook.failure_policy, "Fail");
  EXPECT_EQ(value.webhook.name, "other");
  EXPECT_EQ(value.webhook.url, "https://host:9443");
  EXPECT_EQ(value.orphans, orphan_mode::report);
  EXPECT_TRUE(value.log.json);
}

/// A key that was overlooked, or bound to its neighbour's member, would keep its default.
TEST(Config, LetsEveryKeyBeChanged) {
  auto outcome = parse_config(changed_everywhere);
  ASSERT_TRUE(outcome.value);
  config defaults;
  const auto changed = fields_of(*outcome.value);
  const auto unchanged = fields_of(defaults);
  ASSERT_EQ(changed.size(), unchanged.size());
  for (std::size_t index = 0; index < changed.size(); ++index)
    EXPECT_NE(changed[index].write(), unchanged[index].write()) << changed[index].key;
}

TEST(Config, TakesNullForAbsent) {
  const auto outcome = parse_config("clusterName: c\nedgelb:\nhttp: {listen: ~}\nlog: {level:}\n");
  ASSERT_TRUE(outcome.value);
  config expected;
  expected.cluster_name = "c";
  EXPECT_EQ(config_to_json(*outcome.value), config_to_json(expected));
}

struct cluster_case {
  const char* yaml;
  std::optional<std::string> environment;
  const char* name;
  const char* mistakes;
};

TEST(Config, TakesTheClustersNameFromTheFileThenFromTheEnvironment) {
  const cluster_case cases[]{
    {"clusterName: a", {}, "a", ""},
    {"clusterName: a", "b", "a", ""},
    {"", "b", "b", ""},
    {"clusterName:", "b", "b", ""},
    {"clusterName: ''", "b", "b", ""},
    {"",
     {},
     "",
     "dklb.yaml:1: clusterName: is missing: set it here, or CLUSTER_NAME in the "
     "environment\n"},
    {"", "", "",
     "dklb.yaml:1: clusterName: is missing: set it here, or CLUSTER_NAME in the "
     "environment\n"},
    {"http:\nclusterName: ''",
     {},
     "",
     "dklb.yaml:2: clusterName: is missing: set it here, or "
     "CLUSTER_NAME in the environment\n"},
    {"clusterName: 'a b'", "c", "",
     "dklb.yaml:1: clusterName: the name of a cluster holds no "
     "blanks\n"},
    {"", "a b", "",
     "dklb.yaml:1: clusterName: taken from CLUSTER_NAME in the environment: the "
     "name of a cluster holds no blanks\n"},
  };
  for (const auto& row : cases) {
    const auto outcome = parse_config(row.yaml, row.environment);
    EXPECT_EQ(outcome.value ? outcome.value->cluster_name : "", row.name) << row.yaml;
    EXPECT_EQ(mistakes_in(row.yaml, row.environment), row.mistakes) << row.yaml;
  }
}

struct mistake_case {
  const char* name;
  const char* yaml; ///< behind a first line with the cluster's name
  const char* mistakes;
};

void PrintTo(const mistake_case& row, std::ostream* stream) {
  *stream << row.name;
}

class ConfigMistake : public testing::TestWithParam<mistake_case> {};

TEST_P(ConfigMistake, IsReportedWithFileLineAndKey) {
  EXPECT_EQ(mistakes_in(std::string{"clusterName: c\n"} + GetParam().yaml),
            "dklb.yaml:" + std::string{GetParam().mistakes} + "\n");
}

const mistake_case form_mistakes[]{
  {"UnknownKey", "colour: blue",
   "2: colour: unknown key; the keys here are clusterName, edgelb, kubernetes, pools, services, "
   "concurrency, "
   "leaderElection, http, webhook, orphans, log"},
  {"UnknownKeyInSection", "orphans:\n  keep: true",
   "3: orphans.keep: unknown key; the keys here are mode"},
  {"UnknownKeyInSubsection", "concurrency:\n  poll:\n    avg: 1s",
   "4: concurrency.poll.avg: unknown key; the keys here are min, max"},
  {"HostsAsText", "http:\n  allowedHosts: dklb",
   "3: http.allowedHosts: expected a list, found the text dklb"},
  {"HostWithAPort", "http:\n  allowedHosts: [a, 'b:80']",
   "3: http.allowedHosts: \"b:80\" is not a host name such as dklb.example.com"},
  {"HostThatIsANumber", "http:\n  allowedHosts: [1]",
   "3: http.allowedHosts: expected a string, found 1; put it in quotes"},
  {"DuplicateKey", "http:\n  listen: 127.0.0.1:1\n  listen: 127.0.0.1:2",
   "4: http.listen: given twice, first in line 3"},
  {"DuplicateSection", "http:\nlog:\nhttp:", "4: http: given twice, first in line 2"},
  {"TextForSection", "edgelb: http://e",
   "2: edgelb: expected a mapping, found the text "
   "\"http://e\""},
  {"NumberForText", "leaderElection: {leaseName: 5}",
   "2: leaderElection.leaseName: expected a string, found 5; put it in quotes"},
  {"TextForFlag", "webhook: {register: yes}",
   "2: webhook.register: expected true or false, found the text \"yes\""},
  {"TextForInteger", "pools: {defaultSize: \"1\"}",
   "2: pools.defaultSize: expected a whole number, found the text \"1\""},
  {"FractionForInteger", "kubernetes: {burst: 1.5}",
   "2: kubernetes.burst: expected a whole number, found 1.5"},
  {"TextForNumber", "kubernetes: {qps: fast}",
   "2: kubernetes.qps: expected a number, found the text fast"},
  {"ListForDuration", "concurrency: {resyncPeriod: [2m]}",
   "2: concurrency.resyncPeriod: expected a duration such as 500ms or 2m, found a list"},
  {"DurationWithoutUnit", "concurrency: {resyncPeriod: 120}",
   "2: concurrency.resyncPeriod: \"120\" is not a duration such as 500ms or 2m"},
  {"NegativeDuration", "concurrency: {poolWriteGap: -1s}",
   "2: concurrency.poolWriteGap: \"-1s\" is not a duration such as 500ms or 2m"},
  {"SecondDocument", "---\nhttp:", "2: there is text after the end of the document"},
  {"Alias", "edgelb: &e {}\nhttp: *e",
   "2: edgelb: anchors (&name) are not supported\n"
   "dklb.yaml:3: http: aliases (*name) are not supported; a "
   "text that starts with * needs quotes"},
};

const mistake_case range_mistakes[]{
  {"ManySchedulerThreads", "concurrency: {schedulerThreads: 257}",
   "2: concurrency.schedulerThreads: must be between 0 and 256"},
  {"NoThroughput", "concurrency: {schedulerThroughput: 0}",
   "2: concurrency.schedulerThroughput: must be between 1 and 1000000"},
  {"NoRequestsToEdgeLB", "concurrency: {edgelbInFlight: 0}",
   "2: concurrency.edgelbInFlight: must be between 1 and 1024"},
  {"NoRequestsToKubernetes", "concurrency: {kubernetesInFlight: -1}",
   "2: concurrency.kubernetesInFlight: must be between 1 and 1024"},
  {"NoMailbox", "concurrency: {mailboxLimit: 0}",
   "2: concurrency.mailboxLimit: must be between 1 and 10000000"},
  {"NoResync", "concurrency: {resyncPeriod: 0}",
   "2: concurrency.resyncPeriod: must be between 1ms and 8760h"},
  {"EternalTimeout", "concurrency: {retry: {edgelbTimeout: 8761h}}",
   "2: concurrency.retry.edgelbTimeout: must be between 1ms and 8760h"},
  {"NegativeRestarts", "concurrency: {supervisor: {maxRestarts: -1}}",
   "2: concurrency.supervisor.maxRestarts: must be between 0 and 1000000"},
  {"NoSize", "pools: {defaultSize: 0}", "2: pools.defaultSize: must be between 1 and 1000000"},
  {"NegativeRate", "kubernetes: {qps: -1}", "2: kubernetes.qps: must be between 0 and 1e+06"},
  {"ShortLease", "leaderElection: {leaseDuration: 500ms, renewDeadline: 2s, retryPeriod: 1ms}",
   "2: leaderElection.leaseDuration: must be between 1s and 8760h"},
  {"BackendMode", "pools: {backendMode: pods}",
   "2: pools.backendMode: \"pods\" is not one of: mesos, nodes"},
  {"OrphanMode", "orphans: {mode: remove}",
   "2: orphans.mode: \"remove\" is not one of: delete, report"},
  {"LogLevel", "log: {level: loud}",
   "2: log.level: \"loud\" is not one of: trace, debug, info, warn, error"},
  {"LogFormat", "log: {format: xml}", "2: log.format: \"xml\" is not one of: text, json"},
  {"FailurePolicy", "webhook: {failurePolicy: ignore}",
   "2: webhook.failurePolicy: \"ignore\" is not one of: Ignore, Fail"},
};

const mistake_case combined_mistakes[]{
  {"PollOrder", "concurrency:\n  poll:\n    min: 5s\n    max: 1s",
   "4: concurrency.poll.min: concurrency.poll.min (5s) must not be above concurrency.poll.max "
   "(1s)"},
  {"PollAboveDefault", "concurrency:\n  poll:\n    max: 500ms",
   "4: concurrency.poll.max: concurrency.poll.min (1s) must not be above concurrency.poll.max "
   "(500ms)"},
  {"RetryOrder", "concurrency: {retry: {base: 10m}}",
   "2: concurrency.retry.base: concurrency.retry.base (10m) must not be above "
   "concurrency.retry.max (5m)"},
  {"LeaseNotAboveDeadline", "leaderElection: {leaseDuration: 10s}",
   "2: leaderElection.leaseDuration: renewDeadline (10s) must be below leaseDuration (10s)"},
  {"DeadlineNotAboveRetry", "leaderElection:\n  renewDeadline: 6s\n  retryPeriod: 5s",
   "4: leaderElection.retryPeriod: renewDeadline (6s) must be above 1.2 times retryPeriod (5s)"},
  {"LeaseWithAFraction", "leaderElection: {leaseDuration: 15500ms}",
   "2: leaderElection.leaseDuration: must be a whole number of seconds, as a Lease counts in "
   "them"},
  {"WebhookWithoutCertificate", "webhook:\n  enabled: true",
   "2: webhook.certFile: is missing: webhook.enabled needs a certificate\n"
   "dklb.yaml:2: webhook.keyFile: is missing: webhook.enabled needs the certificate's key"},
  {"WebhookWithoutKey", "webhook:\n  enabled: true\n  certFile: /c\n  keyFile: ''",
   "5: webhook.keyFile: is missing: webhook.enabled needs the certificate's key"},
  {"WebhookUrlWithoutTls", "webhook: {url: 'http://host:80'}",
   "2: webhook.url: \"http://host:80\" does not start with https://, and the API server calls "
   "nothing "
   "else"},
  {"RegistersAWebhookThatIsOff", "webhook: {register: true}",
   "2: webhook.register: needs webhook.enabled: true"},
  {"EverythingAtOnceInLineOrder",
   "log: {level: loud}\nwebhook: {enabled: maybe}\nconcurrency:\n  poll: {min: 3m}\n  x: 1\n"
   "  edgelbInFlight: 0",
   "2: log.level: \"loud\" is not one of: trace, debug, info, warn, error\n"
   "dklb.yaml:3: webhook.enabled: expected true or false, found the text maybe\n"
   "dklb.yaml:5: concurrency.poll.min: concurrency.poll.min (3m) must not be above "
   "concurrency.poll.max (2m)\n"
   "dklb.yaml:6: concurrency.x: unknown key; the keys here are schedulerThreads, "
   "schedulerThroughput, edgelbInFlight, kubernetesInFlight, poolWriteGap, mailboxLimit, "
   "resyncPeriod, poll, retry, supervisor\n"
   "dklb.yaml:7: concurrency.edgelbInFlight: must be between 1 and 1024"},
};

std::string case_name(const testing::TestParamInfo<mistake_case>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(Form, ConfigMistake, testing::ValuesIn(form_mistakes), case_name);
INSTANTIATE_TEST_SUITE_P(Range, ConfigMistake, testing::ValuesIn(range_mistakes), case_name);
INSTANTIATE_TEST_SUITE_P(Together, ConfigMistake, testing::ValuesIn(combined_mistakes), case_name);

TEST(Config, SaysOnlyWhatIsWrongWithTheYamlWhereItIsNone) {
  EXPECT_EQ(mistakes_in("http: {listen: [\n"),
            "dklb.yaml:2: not YAML: end of sequence flow not found\n");
  EXPECT_EQ(mistakes_in("- a\n"), "dklb.yaml:1: expected a mapping of keys to values\n");
}

TEST(Config, PrintsAMistakeOfNoLineWithoutOne) {
  EXPECT_EQ(to_string(config_mistake{0, "", "cannot be read"}, "/etc/dklb.yaml"),
            "/etc/dklb.yaml: cannot be read");
}

struct accepted_case {
  const char* key;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

TEST(Config, ChecksAddressesNamesAndUrls) {
  const accepted_case cases[]{
    {"http: {listen: '%'}",
     {"127.0.0.1:8080", "0.0.0.0:0", "[::]:8080", "[fe80::1]:65535", "localhost:80", "dklb.svc:1"},
     {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
      "127.0.0.1:http", "256.0.0.1:80", "1.2.3:80", "1.2.3.4.5:80", "::1:80", "[::1]", "[]:80",
      "[1]:80", "a b:80", "http://localhost:80", "-a:80", "a..b:80"}},
    {"edgelb: {url: '%'}",
     {"http://edgelb", "https://edgelb.example.com", "https://10.0.0.1:8443/service/edgelb",
      "http://[::1]:8080/", "http://api.edgelb.marathon.l4lb.thisdcos.directory"},
     {"", "edgelb", "ftp://edgelb", "http://", "http:///path", "http://edgelb:0",
      "http://edgelb:99999", "http://edgelb:x", "http://user:secret@edgelb", "http://edgelb?a=b",
      "http://edgelb#a", "http://edge lb", "HTTP//edgelb", "http://300.1.1.1"}},
    {"edgelb: {poolGroup: '%'}",
     {"dcos-edgelb/pools", "pools", "a/b/c"},
     {"", "/pools", "pools/", "a//b", "a b"}},
    {"kubernetes: {loadBalancerClass: '%'}",
     {"kubernetes.dcos.io/edgelb", "edgelb", "Example_1.x"},
     {"", "a/b/c", "/edgelb", "edgelb/", "-edgelb", "UP.example.com/a"}},
    {"leaderElection: {leaseName: '%'}",
     {"dklb", "my.lease-1"},
     {"", "Dklb", "-dklb", "dklb-", "dk_lb"}},
    {"leaderElection: {leaseNamespace: '%'}", {"", "kube-system"}, {"a.b", "A", "-a"}},
  };
  for (const auto& row : cases) {
    const auto with = [&](const char* value) {
      std::string text{row.key};
      return "clusterName: c\n" + text.replace(text.find('%'), 1, value) + "\n";
    };
    for (const auto* value : row.good)
      EXPECT_EQ(mistakes_in(with(value)), "") << row.key << " " << value;
    for (const auto* value : row.bad)
      EXPECT_EQ(parse_config(with(value)).mistakes.size(), 1U) << row.key << " " << value;
  }
}

/// A password in a URL must not reach the log through the message about it.
TEST(Config, NeverRepeatsThePasswordOfAUrl) {
  const auto text = mistakes_in("clusterName: c\nedgelb: {url: 'http://me:hunter2@edgelb'}\n");
  EXPECT_EQ(text, "dklb.yaml:2: edgelb.url: a URL must not hold credentials; use bearerTokenFile "
                  "or serviceAccountFile\n");
}

RC_GTEST_PROP(ConfigProperty, NoBytesMakeItThrow, (const std::string& bytes)) {
  const auto outcome = parse_config(bytes);
  RC_ASSERT(outcome.value.has_value() == outcome.mistakes.empty());
}

RC_GTEST_PROP(ConfigProperty, NoChangedByteMakesItThrow, (char byte)) {
  std::string text{changed_everywhere};
  text[*rc::gen::inRange<std::size_t>(0, text.size())] = byte;
  const auto outcome = parse_config(text);
  RC_ASSERT(outcome.value.has_value() == outcome.mistakes.empty());
  for (const auto& mistake : outcome.mistakes)
    RC_ASSERT(mistake.line > 0);
}

} // namespace
