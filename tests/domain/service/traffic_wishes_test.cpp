#include "domain/service/configuration_object.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::domain {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// What parsing says is wrong.
std::string mistakes_in(const std::string& yaml) {
  const auto parsed = parse_configuration_object(yaml);
  return parsed ? "accepted" : parsed.failure().message;
}

traffic_wishes wishes_in(const std::string& yaml) {
  const auto parsed = parse_configuration_object(yaml);
  EXPECT_TRUE(parsed) << mistakes_in(yaml);
  return parsed ? parsed->object.traffic : traffic_wishes{};
}

TEST(TrafficWishes, EveryKeyIsRead) {
  const auto wishes = wishes_in("proxyProtocol: v2\n"
                                "balance: random\n"
                                "healthCheck:\n"
                                "  type: http\n"
                                "  path: /ready?full=1\n"
                                "  port: 10256\n"
                                "  interval: 1500ms\n"
                                "  rise: 1\n"
                                "  fall: 100\n"
                                "timeouts: {connect: 10ms, client: 1m30s, server: 168h}\n"
                                "maxConnections: 1000000\n"
                                "drain: 24h\n");
  traffic_wishes expected;
  expected.proxy = proxy_protocol::v2;
  expected.balance = balance_rule::random;
  expected.health_check = {health_check_type::http, "/ready?full=1", 10256, 1500ms, 1, 100};
  expected.timeouts = {10ms, 90s, 168h};
  expected.max_connections = 1000000;
  expected.drain = 24h;
  EXPECT_EQ(wishes, expected);
}

TEST(TrafficWishes, KeysWithNothingBehindThemAskForNothing) {
  for (const char* yaml : {"", "proxyProtocol:\nhealthCheck:\ntimeouts:\ndrain:",
                           "healthCheck: {}\ntimeouts: {}", "healthCheck: {type: , path: }"})
    EXPECT_EQ(parse_configuration_object(yaml)->object.traffic, traffic_wishes{}) << yaml;
}

TEST(TrafficWishes, TheyMayChangeAtAnyTime) {
  const auto before = parse_configuration_object("proxyProtocol: v1\ndrain: 5s");
  const auto after = parse_configuration_object("balance: source");
  EXPECT_FALSE(before->object == after->object);
  EXPECT_EQ(forbidden_change(before->object, after->object), std::nullopt);
}

TEST(TrafficWishes, MistakesAreNamedByLineAndKey) {
  struct row {
    const char* yaml;
    const char* message;
  };
  const row table[] = {
    {"proxyProtocol: v3", "line 1: proxyProtocol: expected one of v1, v2, found the text v3"},
    {"proxyProtocol: 2", "line 1: proxyProtocol: expected a string, found 2"},
    {"size: 1\nbalance: uri",
     "line 2: balance: expected one of leastconn, roundrobin, source, random, found the text uri"},
    {"balance: [a]", "line 1: balance: expected a string, found a list"},
    {"healthCheck: http", "line 1: healthCheck: expected a mapping, found the text http"},
    {"healthCheck:\n  kind: http",
     "line 2: healthCheck.kind: unknown key; the keys here are type, path, port, interval, rise, "
     "fall"},
    {"healthCheck: {type: tls}",
     "healthCheck.type: expected one of tcp, http, none, found the text tls"},
    {"healthCheck: {type: http, path: ok}", "healthCheck.path: must begin with /"},
    {"healthCheck: {type: http, path: ''}", "healthCheck.path: must begin with /"},
    {"healthCheck: {type: http, path: '/a b'}",
     "healthCheck.path: holds \" \": write it as an escape such as %20"},
    {"healthCheck: {type: http, path: \"/a\\nb\"}",
     "healthCheck.path: holds the control character \\n: leave it out"},
    {"healthCheck: {type: http, path: \"/\xc3\xa4\"}", "healthCheck.path: holds \"\xc3\xa4\""},
    {"healthCheck: {type: http, path: '/a#b'}", "healthCheck.path: holds \"#\""},
    {"healthCheck: {type: http, path: '/\"'}", "healthCheck.path: holds \"\"\""},
    {"healthCheck: {type: http, path: /$HOME}", "healthCheck.path: holds \"$\""},
    {"healthCheck: {path: /ok}",
     "healthCheck.path: has no effect with the type tcp: set healthCheck.type to http"},
    {"healthCheck: {type: none, port: 80, rise: 2}",
     "healthCheck.port: has no effect with the type none: leave it out; line 1: healthCheck.rise: "
     "has no effect"},
    {"healthCheck: {port: 0}", "healthCheck.port: must be from 1 to 65535, not 0"},
    {"healthCheck: {port: 65536}", "healthCheck.port: must be from 1 to 65535, not 65536"},
    {"healthCheck: {port: web}", "healthCheck.port: expected a whole number, found the text web"},
    {"healthCheck: {interval: 499ms}",
     "healthCheck.interval: must be from 500ms to 10m, not 499ms"},
    {"healthCheck: {interval: 11m}", "healthCheck.interval: must be from 500ms to 10m, not 11m"},
    {"healthCheck: {rise: 0}", "healthCheck.rise: must be from 1 to 100, not 0"},
    {"healthCheck: {fall: 101}", "healthCheck.fall: must be from 1 to 100, not 101"},
    {"timeouts: 5s", "timeouts: expected a mapping, found the text \"5s\""},
    {"timeouts: {queue: 5s}",
     "timeouts.queue: unknown key; the keys here are connect, client, server"},
    {"timeouts: {connect: 0}", "timeouts.connect: must be from 10ms to 168h, not 0s"},
    {"timeouts: {connect: 0s}", "timeouts.connect: must be from 10ms to 168h, not 0s"},
    {"timeouts: {client: -1s}",
     "timeouts.client: expected a duration such as 30s or 1m30s, found the text \"-1s\""},
    {"timeouts: {server: 169h}", "timeouts.server: must be from 10ms to 168h, not 169h"},
    {"timeouts: {server: 30}",
     "timeouts.server: expected a duration such as 30s or 1m30s, found 30"},
    {"timeouts: {server: [1s]}",
     "timeouts.server: expected a duration such as 30s or 1m30s, found a list"},
    {"timeouts: {server: 99999999999h}", "timeouts.server: expected a duration"},
    {"maxConnections: 0", "maxConnections: must be from 1 to 1000000, not 0"},
    {"maxConnections: -5", "maxConnections: must be from 1 to 1000000, not -5"},
    {"maxConnections: 99999999999999999999", "maxConnections: 99999999999999999999 is too large"},
    {"maxConnections: 1.5", "maxConnections: expected a whole number, found 1.5"},
    {"drain: 0", "drain: must be from 1s to 24h, not 0s"},
    {"drain: 25h", "drain: must be from 1s to 24h, not 25h"},
    {"drain: soon", "drain: expected a duration such as 30s or 1m30s, found the text soon"},
    {"drain: 5s\ndrain: 6s", "line 2: drain: "},
  };
  for (const auto& [yaml, message] : table)
    EXPECT_THAT(mistakes_in(yaml), HasSubstr(message)) << yaml;
}

TEST(TrafficWishes, AnOverlongPathIsRefused) {
  const std::string longest = "/" + std::string(254, 'a');
  EXPECT_EQ(wishes_in("healthCheck: {type: http, path: " + longest + "}").health_check.path,
            longest);
  EXPECT_THAT(mistakes_in("healthCheck: {type: http, path: " + longest + "a}"),
              HasSubstr("healthCheck.path: is longer than 255 characters"));
}

} // namespace
} // namespace dklb::domain
