// The rules of check_pool(): each row is one edit of a pool that is served.
#include "edgelb/rules/pool_rules.hpp"
#include "edgelb/rules/pool_schema.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

constexpr const char* sound_pool = R"({"name": "p", "haproxy": {
  "frontends": [
    {"name": "web", "protocol": "HTTP", "bindPort": 80, "linkBackend": {"defaultBackend": "site",
     "map": [{"backend": "site", "pathBeg": "/a"}]}},
    {"name": "db", "protocol": "TCP", "bindPort": 5432, "linkBackend": {"defaultBackend": "data"}}],
  "backends": [
    {"name": "site", "protocol": "HTTP", "services": [
      {"endpoint": {"type": "ADDRESS", "address": "10.0.0.1", "port": 80}}]},
    {"name": "data", "protocol": "TCP", "services": [
      {"mesos": {"frameworkName": "f", "taskName": "t"}, "endpoint": {"port": 5432}}]}]}})";

/// The sound pool with `value` (JSON) at `pointer`; null removes what is there.
domain::result<domain::unit> verdict_on(const std::string& pointer, const std::string& value) {
  auto pool = document::parse(sound_pool);
  const document::json_pointer at(pointer);
  const auto given = document::parse(value);
  if (given.is_null())
    pool.at(at.parent_pointer()).erase(at.back());
  else
    pool[at] = given;
  auto completed = complete_pool(std::move(pool));
  return completed ? check_pool(*completed) : domain::result<domain::unit>(completed.failure());
}

struct refusal_case {
  const char* name;
  const char* pointer;
  const char* value;
  const char* object; ///< how the message begins
  const char* words;  ///< what is wrong
  const char* step;   ///< what to do about it
};

class PoolRules : public ::testing::TestWithParam<refusal_case> {};

TEST_P(PoolRules, RefusalNamesTheObjectAndTheNextStep) {
  const auto& row = GetParam();
  const auto outcome = verdict_on(row.pointer, row.value);
  ASSERT_FALSE(outcome.has_value());
  const auto& message = outcome.failure().message;
  EXPECT_EQ(outcome.failure().http_status, 400);
  EXPECT_EQ(message.rfind(row.object, 0), 0U) << message;
  EXPECT_NE(message.find(row.words), std::string::npos) << message;
  EXPECT_NE(message.find(row.step), std::string::npos) << message;
}

// What EdgeLB refuses.
INSTANTIATE_TEST_SUITE_P(
  Edgelb, PoolRules,
  ::testing::Values(
    refusal_case{"EqualPorts", "/haproxy/frontends/1/bindPort", "80", "frontend db",
                 "bound by frontend web already", "0 for a free one"},
    refusal_case{"EqualPortsOnDifferentAddresses", "/haproxy/frontends/1",
                 R"({"name": "db", "bindPort": 80, "bindAddress": "127.0.0.9"})", "frontend db",
                 "bound by frontend web already", "0 for a free one"},
    refusal_case{"PortOfTheStatistics", "/haproxy/frontends/0/bindPort", "9090", "frontend web",
                 "bound by the pool's statistics already", "0 for a free one"},
    refusal_case{"NoPort", "/haproxy/frontends/0/bindPort", "null", "frontend \"web\"",
                 "bindPort is missing", "give a port"},
    refusal_case{"AnyAddressAsAStar", "/haproxy/frontends/0/bindAddress", R"("*")",
                 "frontend \"web\"", "not \"*\"", "use 0.0.0.0"},
    refusal_case{"AddressInBrackets", "/haproxy/frontends/0/bindAddress", R"("[::1]")",
                 "frontend \"web\"", "without brackets", "use 0.0.0.0"},
    refusal_case{"StatisticsOnAStar", "/haproxy/stats", R"({"bindAddress": "*", "bindPort": 0})",
                 "haproxy.stats.bindAddress", "not \"*\"", "use 0.0.0.0"},
    refusal_case{"HttpsWithoutCertificate", "/haproxy/frontends/0/protocol", R"("HTTPS")",
                 "frontend \"web\"", "needs a certificate", "use TCP"},
    refusal_case{"TlsWithoutCertificate", "/haproxy/frontends/1/protocol", R"("TLS")",
                 "frontend \"db\"", "needs a certificate", "use TCP"},
    refusal_case{"RedirectOnTcp", "/haproxy/frontends/1/redirectToHttps", "{}", "frontend \"db\"",
                 "redirectToHttps needs the protocol HTTP", "leave it out"},
    refusal_case{"MapOnTcp", "/haproxy/frontends/1/linkBackend/map",
                 R"([{"backend": "data", "pathBeg": "/"}])", "frontend \"db\"",
                 "needs the protocol HTTP", "use defaultBackend"},
    refusal_case{"MapWithoutCondition", "/haproxy/frontends/0/linkBackend/map/0",
                 R"({"backend": "site", "pathBeg": ""})", "frontend \"web\"", "needs a condition",
                 "use defaultBackend"},
    refusal_case{"MapToNoBackend", "/haproxy/frontends/0/linkBackend/map/0/backend", R"("gone")",
                 "frontend \"web\"", "no backend \"gone\"", "name one that it has"},
    refusal_case{"MapWithoutBackend", "/haproxy/frontends/0/linkBackend/map/0/backend", "null",
                 "frontend \"web\"", "no backend \"\"", "name one that it has"},
    refusal_case{"DefaultToNoBackend", "/haproxy/frontends/0/linkBackend/defaultBackend",
                 R"("gone")", "frontend \"web\"", "no backend \"gone\"", "name one that it has"},
    refusal_case{"NoServices", "/haproxy/backends/0/services", "[]", "backend \"site\"",
                 "no services", "give it at least one"},
    refusal_case{"ServicesAbsent", "/haproxy/backends/0/services", "null", "backend \"site\"",
                 "no services", "give it at least one"},
    refusal_case{"AddressAbsent", "/haproxy/backends/0/services/0/endpoint/address", "null",
                 "backend \"site\"", "needs an address and a port", "give both"},
    refusal_case{"PortAbsent", "/haproxy/backends/0/services/0/endpoint/port", "null",
                 "backend \"site\"", "needs an address and a port", "give both"},
    refusal_case{"PortZero", "/haproxy/backends/0/services/0/endpoint/port", "0",
                 "backend \"site\"", "needs an address and a port", "give both"},
    refusal_case{"MesosWithoutFramework", "/haproxy/backends/1/services/0/mesos/frameworkName",
                 "null", "backend \"data\"", "selects no framework", "add frameworkName"},
    refusal_case{"MesosWithoutTask", "/haproxy/backends/1/services/0/mesos/taskName", "null",
                 "backend \"data\"", "selects no task", "add taskName"},
    refusal_case{"MarathonWithoutServiceId", "/haproxy/backends/1/services/0/marathon",
                 R"({"containerName": "c"})", "backend \"data\"", "selects no service",
                 "add serviceID"},
    refusal_case{"NoSelectorAtAll", "/haproxy/backends/1/services/0/mesos", "{}",
                 "backend \"data\"", "selects nothing", "add serviceID"},
    refusal_case{"OnlyToPathEndsInSlash", "/haproxy/backends/0/rewriteHttp",
                 R"({"path": {"fromPath": "/a", "toPath": "/b/"}})", "backend \"site\"",
                 "only one of fromPath \"/a\" and toPath \"/b/\" ends in /", "let both end"},
    refusal_case{"OnlyFromPathEndsInSlash", "/haproxy/backends/0/rewriteHttp",
                 R"({"path": {"fromPath": "/a/", "toPath": "/b"}})", "backend \"site\"",
                 "ends in /", "let both end"},
    refusal_case{"SecretTwice", "/secrets",
                 R"([{"secret": "s", "file": "a"}, {"secret": "s", "file": "b"}])", "secrets",
                 "same secret \"s\"", "remove one"},
    refusal_case{"SecretFileTwice", "/secrets",
                 R"([{"secret": "a", "file": "f"}, {"secret": "b", "file": "f"}])", "secrets",
                 "same file \"f\"", "remove one"},
    refusal_case{"NetworkTwice", "/virtualNetworks", R"([{"name": "n"}, {"name": "n"}])",
                 "virtualNetworks", "named \"n\"", "remove one"},
    refusal_case{"FrontendNameTwice", "/haproxy/frontends/1/name", R"("web")", "two frontends",
                 "named web", "a name of its own"},
    refusal_case{"BackendNameTwice", "/haproxy/backends/2",
                 R"({"name": "site", "services": [{"marathon": {"serviceID": "/s"}}]})",
                 "two backends", "named site", "a name of its own"}),
  [](const auto& one) { return std::string(one.param.name); });

// What HAProxy could not run, and what needs DC/OS.
INSTANTIATE_TEST_SUITE_P(
  Local, PoolRules,
  ::testing::Values(refusal_case{"Secrets", "/secrets", R"([{"secret": "s", "file": "f"}])",
                                 "secrets", "no secret store here", "Leave them out"},
                    refusal_case{"AutoCertificate", "/autoCertificate", "true", "autoCertificate",
                                 "no certificate authority here", "Leave it out"},
                    refusal_case{"AddressThatIsASocket",
                                 "/haproxy/backends/0/services/0/endpoint/address", R"("unix@/x")",
                                 "backend \"site\"", "neither an IP address nor a host name",
                                 "give one"},
                    refusal_case{"PatternThatIsNone",
                                 "/haproxy/backends/1/services/0/mesos/taskNamePattern", R"("(")",
                                 "backend \"data\"", "no regular expression", "taskNamePattern"},
                    refusal_case{"DrainWithoutADuration", "/haproxy/backends/0/miscStrs",
                                 R"(["fullconn 10\n# drain soon"])", "backend \"site\"",
                                 "not \"soon\"", "such as 30s"},
                    refusal_case{"PathWithoutSlash", "/haproxy/backends/0/rewriteHttp",
                                 R"({"path": {"fromPath": "a", "toPath": "/b"}})",
                                 "backend \"site\"", "\"a\" must begin with /", "rewriteHttp.path"},
                    refusal_case{"FrontendNameWithALine", "/haproxy/frontends/0/name", R"("x\ny")",
                                 "frontend \"x\\ny\"", "name is not valid", "use letters"},
                    refusal_case{"ReservedName", "/haproxy/backends/1/name", R"("edgelb:stats")",
                                 "backend \"edgelb:stats\"", "kept for the pool's statistics",
                                 "choose another one"},
                    refusal_case{"BackendWithoutName", "/haproxy/backends/1/name", "null",
                                 "backend \"\"", "needs a name", "name"}),
  [](const auto& one) { return std::string(one.param.name); });

struct accepted_case {
  const char* name;
  const char* pointer;
  const char* value;
};

class PoolsServed : public ::testing::TestWithParam<accepted_case> {};

TEST_P(PoolsServed, AreAccepted) {
  const auto outcome = verdict_on(GetParam().pointer, GetParam().value);
  EXPECT_TRUE(outcome.has_value()) << outcome.failure().message;
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolsServed,
  ::testing::Values(
    accepted_case{"Plain", "/name", R"("p")"},
    accepted_case{"FreePortsTwice", "/haproxy/frontends",
                  R"([{"name": "a", "bindPort": 0}, {"name": "b", "bindPort": 0}])"},
    accepted_case{"FreePortForTheStatisticsToo", "/haproxy",
                  R"({"stats": {"bindPort": 0}, "frontends": [{"name": "a", "bindPort": 0}]})"},
    accepted_case{"WideAddress", "/haproxy/frontends/0/bindAddress", R"("fd00::1")"},
    accepted_case{"HttpsBackend", "/haproxy/backends/0/protocol", R"("HTTPS")"},
    accepted_case{"TlsBackend", "/haproxy/backends/1/protocol", R"("TLS")"},
    accepted_case{"AutoCertificateSwitchedOff", "/autoCertificate", "false"},
    accepted_case{"NoSecrets", "/secrets", "[]"},
    accepted_case{"TwoNetworks", "/virtualNetworks", R"([{"name": "n"}, {"name": "m"}])"},
    accepted_case{"FrontendWithoutBackend", "/haproxy/frontends/0/linkBackend", "{}"},
    accepted_case{"HostNameAsAddress", "/haproxy/backends/0/services/0/endpoint/address",
                  R"("db.example.com")"},
    accepted_case{"WhatDklbWritesInMesosMode", "/haproxy/backends/1/services",
                  R"([{"marathon": {}, "mesos": {"frameworkName": "dev/kubernetes01",
                      "taskNamePattern": "^kube-node-.*$"},
                      "endpoint": {"type": "CONTAINER_IP", "port": 31000,
                      "check": {"enabled": true}}}])"},
    accepted_case{"WhatDklbWritesInNodesMode", "/haproxy/backends/1/services",
                  R"([{"endpoint": {"type": "ADDRESS", "address": "10.0.0.7", "port": 31000,
                      "check": {"enabled": true}}}])"},
    accepted_case{"WhatDklbWritesWithoutNodes", "/haproxy/backends/1/services",
                  R"([{"endpoint": {"type": "ADDRESS", "address": "127.0.0.1", "port": 1,
                      "check": {"enabled": true}}}])"},
    accepted_case{"MarathonByPattern", "/haproxy/backends/1/services",
                  R"([{"marathon": {"serviceIDPattern": "^/web"}, "mesos": {}}])"},
    accepted_case{"PathToTheRoot", "/haproxy/backends/0/rewriteHttp",
                  R"({"path": {"fromPath": "/nginx", "toPath": "/"}})"},
    accepted_case{"PathToNothing", "/haproxy/backends/0/rewriteHttp",
                  R"({"path": {"fromPath": "/nginx/", "toPath": ""}})"},
    accepted_case{"HalfAPath", "/haproxy/backends/0/rewriteHttp",
                  R"({"path": {"fromPath": "/nginx/"}})"},
    accepted_case{"NoPath", "/haproxy/backends/0/rewriteHttp", R"({"path": null})"}),
  [](const auto& one) { return std::string(one.param.name); });

} // namespace
} // namespace dklb::edgelb
