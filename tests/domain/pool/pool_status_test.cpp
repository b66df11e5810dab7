#include "domain/base/names.hpp"
#include "domain/pool/pool_status.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace dklb::domain {
namespace {

using nlohmann::json;

const service_key redis{"default", "redis"};
constexpr const char* now = "2024-05-01T12:00:00Z";

/// A Service with one address and, where given, dklb's condition.
service current_service(const std::optional<condition>& own = {}) {
  service current;
  current.key = redis;
  current.uid = "uid-1";
  current.addresses = {{.ip = "10.0.0.1", .hostname = ""}};
  current.own_condition = own;
  return current;
}

const condition_update provisioned{
  .status = "True", .reason = "Provisioned", .message = "ready", .observed_generation = 4};

condition provisioned_since(const char* since) {
  return {.status = "True",
          .reason = "Provisioned",
          .message = "ready",
          .observed_generation = 4,
          .last_transition_time = since};
}

json own_condition(const char* status, const char* since) {
  return {{"type", condition_type}, {"status", status},        {"reason", "Provisioned"},
          {"message", "ready"},     {"observedGeneration", 4}, {"lastTransitionTime", since}};
}

TEST(StatusPatch, IsNothingWhereTheStatusSaysSoAlready) {
  const auto current = current_service(provisioned_since("2024-01-01T00:00:00Z"));
  EXPECT_FALSE(
    status_patch(current, {.addresses = current.addresses, .condition = provisioned}, now));
  EXPECT_FALSE(status_patch(current, {}, now));
}

TEST(StatusPatch, WritesTheAddressListWholeWithTheUid) {
  const desired_status desired{
    .addresses = {{{.ip = "", .hostname = "a.example.com"}, {.ip = "10.0.0.2", .hostname = ""}}},
    .condition = {}};
  EXPECT_EQ(json::parse(status_patch(current_service(), desired, now).value()), json::parse(R"({
    "metadata": {"uid": "uid-1"},
    "status": {"loadBalancer": {"ingress": [{"hostname": "a.example.com"}, {"ip": "10.0.0.2"}]}}})"));
}

struct mode_case {
  const char* name;
  ip_mode wanted;
  ip_mode present;
  bool patched;
};

TEST(StatusPatch, ComparesTheModeOnlyWhereTheServerShowsOne) {
  using enum ip_mode;
  const mode_case cases[]{
    {"asked for, but the server does not know it", proxy, unknown, false},
    {"as asked", proxy, proxy, false},
    {"of a former release", proxy, vip, true},
    {"of another program", proxy, mixed, true},
    {"filled in by the server", vip, vip, false},
    {"not known, and not needed", vip, unknown, false},
    {"of a former setting", vip, proxy, true},
  };
  for (const auto& row : cases) {
    auto current = current_service();
    current.address_mode = row.present;
    const auto patch = status_patch(
      current, {.addresses = current.addresses, .condition = {}, .mode = row.wanted}, now);
    ASSERT_EQ(patch.has_value(), row.patched) << row.name;
    if (!patch)
      continue;
    auto entry = json{{"ip", "10.0.0.1"}};
    if (row.wanted == proxy)
      entry["ipMode"] = "Proxy";
    EXPECT_EQ(json::parse(*patch)["status"]["loadBalancer"]["ingress"], json::array({entry}))
      << row.name;
  }
}

TEST(StatusPatch, HostNamesHaveNoMode) {
  const desired_status desired{
    .addresses = {{{.ip = "", .hostname = "a.example.com"}, {.ip = "10.0.0.2", .hostname = ""}}},
    .condition = {},
    .mode = ip_mode::proxy};
  EXPECT_EQ(json::parse(status_patch(current_service(), desired, now).value())["status"],
            json::parse(R"({"loadBalancer": {"ingress": [
              {"hostname": "a.example.com"}, {"ip": "10.0.0.2", "ipMode": "Proxy"}]}})"));
}

TEST(StatusPatch, ADigestTellsModesApart) {
  const std::vector<ingress> addresses{{.ip = "10.0.0.1", .hostname = ""}};
  EXPECT_NE(digest_of({.addresses = addresses, .condition = {}, .mode = ip_mode::proxy}),
            digest_of({.addresses = addresses, .condition = {}, .mode = ip_mode::vip}));
}

TEST(StatusPatch, ClearsTheAddressesOnlyWhenToldTo) {
  const desired_status cleared{.addresses = std::vector<ingress>{}, .condition = {}};
  EXPECT_EQ(json::parse(status_patch(current_service(), cleared, now).value()), json::parse(R"({
    "metadata": {"uid": "uid-1"}, "status": {"loadBalancer": {"ingress": []}}})"));
  const auto patch =
    status_patch(current_service(), {.addresses = {}, .condition = provisioned}, now);
  ASSERT_TRUE(patch);
  EXPECT_FALSE(json::parse(*patch)["status"].contains("loadBalancer"));
}

TEST(StatusPatch, NamesNoConditionButItsOwn) {
  const auto patch =
    status_patch(current_service(), {.addresses = {}, .condition = provisioned}, now);
  ASSERT_TRUE(patch);
  EXPECT_EQ(json::parse(*patch),
            (json{{"metadata", {{"uid", "uid-1"}}},
                  {"status", {{"conditions", json::array({own_condition("True", now)})}}}}));
}

struct transition_case {
  const char* name;
  condition_update update;
  bool patched;
  const char* since; ///< the transition time that is written
};

class StatusTransition : public ::testing::TestWithParam<transition_case> {};

TEST_P(StatusTransition, MovesTheTimeOnlyWithTheStatus) {
  const char* before = "2024-01-01T00:00:00Z";
  const auto patch = status_patch(current_service(provisioned_since(before)),
                                  {.addresses = {}, .condition = GetParam().update}, now);
  ASSERT_EQ(patch.has_value(), GetParam().patched);
  if (!patch)
    return;
  const auto written = json::parse(*patch)["status"]["conditions"];
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0]["status"], GetParam().update.status);
  EXPECT_EQ(written[0]["reason"], GetParam().update.reason);
  EXPECT_EQ(written[0]["message"], GetParam().update.message);
  EXPECT_EQ(written[0]["lastTransitionTime"], GetParam().since);
  EXPECT_EQ(written[0].contains("observedGeneration"), GetParam().update.observed_generation != 0);
}

INSTANTIATE_TEST_SUITE_P(
  Table, StatusTransition,
  ::testing::Values(
    transition_case{"Same", {"True", "Provisioned", "ready", 4}, false, ""},
    transition_case{"Status", {"False", "Provisioned", "ready", 4}, true, now},
    transition_case{"Unknown", {"Unknown", "Provisioned", "ready", 4}, true, now},
    transition_case{"Reason", {"True", "Other", "ready", 4}, true, "2024-01-01T00:00:00Z"},
    transition_case{"Message", {"True", "Provisioned", "more", 4}, true, "2024-01-01T00:00:00Z"},
    transition_case{
      "Generation", {"True", "Provisioned", "ready", 5}, true, "2024-01-01T00:00:00Z"},
    transition_case{"GenerationNotKnown", {"True", "Provisioned", "ready", 0}, false, ""},
    transition_case{"MessageWithoutGeneration",
                    {"True", "Provisioned", "more", 0},
                    true,
                    "2024-01-01T00:00:00Z"}),
  [](const auto& param) { return param.param.name; });

TEST(StatusPatch, GivesAConditionWithoutATimeOne) {
  const auto patch = status_patch(current_service(provisioned_since("")),
                                  {.addresses = {}, .condition = provisioned}, now);
  ASSERT_TRUE(patch);
  EXPECT_EQ(json::parse(*patch)["status"]["conditions"][0]["lastTransitionTime"], now);
}

TEST(StatusPatch, CutsAMessageThatTheApiServerWouldRefuse) {
  auto update = provisioned;
  update.message = "bad \xff byte " + std::string(40000, 'x');
  auto current = current_service();
  const auto patch = status_patch(current, {.addresses = {}, .condition = update}, now);
  ASSERT_TRUE(patch);
  const auto message = json::parse(*patch)["status"]["conditions"][0]["message"].get<std::string>();
  EXPECT_LE(message.size(), 32768U);
  current.own_condition = provisioned_since(now);
  current.own_condition->message = message;
  EXPECT_FALSE(status_patch(current, {.addresses = {}, .condition = update}, now));
}

} // namespace
} // namespace dklb::domain
