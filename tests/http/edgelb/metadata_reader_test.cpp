// From what EdgeLB tells to the addresses of a Service.
#include "http/edgelb/metadata_reader.hpp"

#include "tests/domain/support/plan_generators.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace dklb::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* cluster = "prod";
const domain::service_key redis{"default", "redis"};

std::vector<std::string> addresses(const char* metadata) {
  std::vector<std::string> shown;
  const auto read = http::edgelb::read_metadata(metadata);
  if (!read)
    return shown;
  for (const auto& each : domain::metadata_index(cluster, *read).addresses_of(redis).list) {
    EXPECT_NE(each.ip.empty(), each.hostname.empty());
    shown.push_back(each.ip + each.hostname);
  }
  return shown;
}

TEST(PoolAddresses, AreHostnamesThenPrivateThenPublicEachSorted) {
  EXPECT_THAT(addresses(R"({"name": "app-pool",
    "aws": {"elbs": [
      {"dns": "DCOS-lb-2.elb.example.com", "listeners": [{"linkFrontend": "prod:default:redis:6379"}]},
      {"dns": "other.example.com", "listeners": [{"linkFrontend": "prod:default:web:80"}]},
      {"dns": "dcos-lb-1.elb.example.com", "listeners": [{"port": 1}, {"linkFrontend": "prod:default:redis:6380"}]}]},
    "frontends": [
      {"name": "prod:default:redis:6380",
       "endpoints": [{"port": 2, "private": ["10.0.6.38", "10.0.6.4"], "public": ["203.0.113.9"]}]},
      {"name": "prod:default:web:80", "endpoints": [{"private": ["10.9.9.9"]}]},
      {"name": "test:default:redis:6379", "endpoints": [{"private": ["10.8.8.8"]}]},
      {"name": "prod:default:redis:6379",
       "endpoints": [{"port": 1, "private": ["10.0.6.38"], "public": ["203.0.113.10", "2001:db8::1"]}]}],
    "stats": [{"port": 1025, "private": ["10.7.7.7"]}]})"),
              ElementsAre("dcos-lb-1.elb.example.com", "dcos-lb-2.elb.example.com", "10.0.6.38",
                          "10.0.6.4", "2001:db8::1", "203.0.113.10", "203.0.113.9"));
}

TEST(PoolAddresses, AnAddressThatIsPrivateAndPublicAppearsOnce) {
  EXPECT_THAT(addresses(R"({"frontends": [{"name": "prod:default:redis:1",
    "endpoints": [{"private": ["10.0.0.2"], "public": ["10.0.0.2", "10.0.0.1"]}]}]})"),
              ElementsAre("10.0.0.2", "10.0.0.1"));
}

TEST(PoolAddresses, SkipWhatTheApiServerWouldRefuse) {
  EXPECT_THAT(addresses(R"({
    "aws": {"elbs": [
      {"dns": "", "listeners": [{"linkFrontend": "prod:default:redis:1"}]},
      {"dns": "two words", "listeners": [{"linkFrontend": "prod:default:redis:1"}]},
      {"dns": "-a.example.com", "listeners": [{"linkFrontend": "prod:default:redis:1"}]},
      {"dns": "a-.example.com", "listeners": [{"linkFrontend": "prod:default:redis:1"}]},
      {"dns": "a..example.com", "listeners": [{"linkFrontend": "prod:default:redis:1"}]},
      {"dns": "example.com.", "listeners": [{"linkFrontend": "prod:default:redis:1"}]},
      {"dns": "10.0.0.1", "listeners": [{"linkFrontend": "prod:default:redis:1"}]},
      {"dns": "ok-1.example.com", "listeners": [{"linkFrontend": "prod:default:redis:1"}]}]},
    "frontends": [{"name": "prod:default:redis:1",
      "endpoints": [{"private": ["", "10.0.0", "10.0.0.256", "010.0.0.1", "host", "10.0.0.7 "],
                     "public": ["1.2.3.4"]}]}]})"),
              ElementsAre("ok-1.example.com", "1.2.3.4"));
}

class PoolAddressesMalformed : public ::testing::TestWithParam<const char*> {};

TEST_P(PoolAddressesMalformed, AreSkippedAndNeverAnError) {
  EXPECT_THAT(addresses(GetParam()), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolAddressesMalformed,
  ::testing::Values(
    "null", "[]", "7", R"("text")", "{}", R"({"aws": null, "frontends": null})",
    R"({"aws": [], "frontends": {}})", R"({"aws": {"elbs": {}}, "frontends": "x"})",
    R"({"aws": {"elbs": [null, 1, {"listeners": null}, {"dns": 1, "listeners": [null, 1,
        {"linkFrontend": 5}, {"linkFrontend": "prod:default:redis:1"}]}]}})",
    R"({"frontends": [null, 1, "x", [], {"name": null}, {"name": ["prod:default:redis:1"]},
        {"name": "prod:default:redis:1"}, {"name": "prod:default:redis:1", "endpoints": {}},
        {"name": "prod:default:redis:1", "endpoints": [null, 5, {"private": "10.0.0.1"},
        {"private": [null, 7, {}], "public": {"a": 1}}]}]})"));

TEST(PoolAddresses, OneBrokenPartDoesNotHideTheOthers) {
  EXPECT_THAT(addresses(R"({"aws": 7, "frontends": [null, {"name": "prod:default:redis:1",
    "endpoints": [3, {"private": [1, "10.0.0.1"], "public": null}]}]})"),
              ElementsAre("10.0.0.1"));
}

TEST(MetadataReader, RefusesWhatIsNoObject) {
  for (const char* text : {"", "null", "[]", "7", "{\"frontends\": ["})
    EXPECT_FALSE(http::edgelb::read_metadata(text).has_value()) << text;
}

RC_GTEST_PROP(MetadataReader, TakesAnyJsonObject, ()) {
  const auto document = *domain::testing::any_json();
  const auto read = http::edgelb::read_metadata(document.dump());
  RC_ASSERT(read.has_value() == document.is_object());
  if (read)
    (void)domain::metadata_index(cluster, *read).addresses_of(redis);
}

} // namespace
} // namespace dklb::tests
