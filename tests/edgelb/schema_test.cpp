#include "edgelb/rules/pool_rules.hpp"
#include "edgelb/rules/pool_schema.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

document full(const char* text) {
  auto completed = complete_pool(document::parse(text));
  EXPECT_TRUE(completed.has_value()) << completed.failure().message;
  return *completed;
}

struct default_case {
  const char* pointer;
  const char* value;
};

class PoolDefaults : public ::testing::TestWithParam<default_case> {};

// The table of the EdgeLB V2 API: what a server fills in.
TEST_P(PoolDefaults, AreFilledIn) {
  const auto pool = full(R"({"name": "p", "haproxy": {
    "frontends": [{"protocol": "TCP", "bindPort": 80, "linkBackend": {"defaultBackend": "b"}}],
    "backends": [{"name": "b", "protocol": "TCP", "services": [{}]}]}})");
  const document::json_pointer at(GetParam().pointer);
  ASSERT_TRUE(pool.contains(at));
  EXPECT_EQ(pool[at], document::parse(GetParam().value));
}

INSTANTIATE_TEST_SUITE_P(
  Contract, PoolDefaults,
  ::testing::Values(
    default_case{"/apiVersion", R"("V2")"}, default_case{"/namespace", R"("dcos-edgelb/pools")"},
    default_case{"/packageName", R"("edgelb-pool")"},
    default_case{"/packageVersion", R"("v0.0.0")"}, default_case{"/role", R"("slave_public")"},
    default_case{"/cpus", "0.9"}, default_case{"/cpusAdminOverhead", "0.1"},
    default_case{"/mem", "992"}, default_case{"/memAdminOverhead", "32"},
    default_case{"/disk", "256"}, default_case{"/count", "1"},
    default_case{"/constraints", R"("hostname:UNIQUE")"}, default_case{"/ports", "[]"},
    default_case{"/poolHealthcheckGracePeriod", "180"},
    default_case{"/poolHealthcheckInterval", "12"}, default_case{"/poolHealthcheckMaxFail", "5"},
    default_case{"/poolHealthcheckTimeout", "60"}, default_case{"/virtualNetworks", "[]"},
    default_case{"/secrets", "[]"},
    default_case{"/haproxy/stats", R"({"bindAddress": "0.0.0.0", "bindPort": 9090})"},
    default_case{"/haproxy/frontends/0/bindAddress", R"("0.0.0.0")"},
    default_case{"/haproxy/frontends/0/name", R"("frontend_0.0.0.0_80")"},
    default_case{"/haproxy/frontends/0/certificates", "[]"},
    default_case{"/haproxy/frontends/0/miscStrs", "[]"},
    default_case{"/haproxy/frontends/0/linkBackend/map", "[]"},
    default_case{"/haproxy/backends/0/balance", R"("roundrobin")"},
    default_case{"/haproxy/backends/0/miscStrs", "[]"},
    default_case{"/haproxy/backends/0/rewriteHttp/request",
                 R"({"forwardfor": true, "rewritePath": true, "setHostHeader": true,
                     "xForwardedPort": true, "xForwardedProtoHttpsIfTls": true})"},
    default_case{"/haproxy/backends/0/rewriteHttp/response", R"({"rewriteLocation": true})"},
    default_case{"/haproxy/backends/0/services/0/endpoint",
                 R"({"type": "AUTO_IP", "port": -1, "check": {"enabled": true}})"}));

TEST(PoolSchema, CompletingTwiceChangesNothing) {
  const auto once = full(R"({"name": "p", "haproxy": {"frontends": [{"bindPort": 80}]}})");
  EXPECT_EQ(*complete_pool(once), once);
}

TEST(PoolSchema, WhatItDoesNotKnowStaysInItsPlace) {
  const auto pool = full(R"({"future": {"x": [1, null]}, "name": "p", "count": null,
    "haproxy": {"frontends": [{"zone": "a", "bindPort": 80, "linkBackend": {"mood": 1}}]}})");
  EXPECT_EQ(pool.begin().key(), "future");
  EXPECT_EQ(pool["future"].dump(), R"({"x":[1,null]})");
  EXPECT_TRUE(pool["count"].is_null());
  EXPECT_EQ(pool["haproxy"]["frontends"][0].begin().key(), "zone");
  EXPECT_EQ(pool["haproxy"]["frontends"][0]["linkBackend"]["mood"], 1);
}

TEST(PoolSchema, NullCountsAsAbsentWhereItIsNotAllowed) {
  const auto pool = full(R"({"name": "p", "cpus": null, "haproxy": null, "constraints": null})");
  EXPECT_EQ(pool["cpus"], 0.9);
  EXPECT_TRUE(pool["haproxy"]["frontends"].is_array());
  EXPECT_TRUE(pool["constraints"].is_null());
}

struct refusal_case {
  const char* name;
  const char* pool;
  const char* words;
};

class PoolRefusals : public ::testing::TestWithParam<refusal_case> {};

TEST_P(PoolRefusals, SayWhatIsWrong) {
  auto completed = complete_pool(document::parse(GetParam().pool));
  auto outcome =
    completed ? check_pool(*completed) : domain::result<domain::unit>(completed.failure());
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.failure().http_status, 400);
  EXPECT_NE(outcome.failure().message.find(GetParam().words), std::string::npos)
    << outcome.failure().message;
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolRefusals,
  ::testing::Values(
    refusal_case{"NoObject", "[]", "must be a JSON object"},
    refusal_case{"NoName", "{}", "not a valid pool name"},
    refusal_case{"NameOfUpperCase", R"({"name": "Web"})", "not a valid pool name"},
    refusal_case{"NameWithSlash", R"({"name": "a/../b"})", "not a valid pool name"},
    refusal_case{"NameTooLong",
                 R"({"name": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})",
                 "not a valid pool name"},
    refusal_case{"NameOfWrongType", R"({"name": 7})", "name must be a string"},
    refusal_case{"OldVersion", R"({"name": "p", "apiVersion": "V1"})", "use V2"},
    refusal_case{"UnknownVersion", R"({"name": "p", "apiVersion": "V3"})", "one of V1, V2"},
    refusal_case{"CountOfWrongType", R"({"name": "p", "count": "two"})",
                 "count must be an integer"},
    refusal_case{"CountBelowZero", R"({"name": "p", "count": -1})", "at least 0"},
    refusal_case{"CountPastInt32", R"({"name": "p", "count": 2147483648})", "integer of 32 bits"},
    refusal_case{"CpusOfWrongType", R"({"name": "p", "cpus": "1"})", "cpus must be a number"},
    refusal_case{"BadConstraint", R"({"name": "p", "constraints": "hostname:NEAR"})",
                 "NEAR is no operator"},
    refusal_case{"ConstraintsNoJson", R"({"name": "p", "constraints": "[[\"hostname\""})",
                 "no valid JSON"},
    refusal_case{"PortTooHigh", R"({"name": "p", "haproxy": {"frontends": [{"bindPort": 65536}]}})",
                 "haproxy.frontends[0].bindPort must be at most 65535"},
    refusal_case{"UnknownProtocol",
                 R"({"name": "p", "haproxy": {"frontends": [{"bindPort": 1, "protocol": "UDP"}]}})",
                 "must be one of HTTP, HTTPS, TCP, TLS"},
    refusal_case{"PathOfWrongType", R"({"name": "p", "haproxy": {"backends": [{"name": "b",
                 "rewriteHttp": {"path": "/x"}}]}})",
                 "haproxy.backends[0].rewriteHttp.path must be an object"},
    refusal_case{"UnknownEndpointType", R"({"name": "p", "haproxy": {"backends": [{"name": "b",
                 "services": [{"endpoint": {"type": "MOON"}}]}]}})",
                 "haproxy.backends[0].services[0].endpoint.type must be one of"},
    refusal_case{"ListOfWrongThings",
                 R"({"name": "p", "haproxy": {"frontends": [{"bindPort": 1, "miscStrs": [1]}]}})",
                 "miscStrs must be a list of strings"},
    refusal_case{"FrontendsNoList", R"({"name": "p", "haproxy": {"frontends": {}}})",
                 "must be a list of objects"}),
  [](const auto& one) { return std::string(one.param.name); });

TEST(ParseDocument, RefusesWhatIsNestedWithoutEnd) {
  const auto deep = std::string(100000, '[') + std::string(100000, ']');
  const auto parsed = parse_document(deep, "the body");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_NE(parsed.failure().message.find("nested deeper"), std::string::npos);
}

TEST(ParseDocument, RefusesHalfADocument) {
  EXPECT_FALSE(parse_document(R"({"name": "p")", "the body").has_value());
  EXPECT_FALSE(parse_document("", "the body").has_value());
  EXPECT_FALSE(parse_document("{\"name\": \"\xff\"}", "the body").has_value());
}

} // namespace
} // namespace dklb::edgelb
