#include "domain/webhook/webhook_registration.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

using namespace dklb::domain;
using nlohmann::json;

namespace {

const registration_settings in_cluster{"dklb", "dklb-system", "", "Ignore"};
const auto& mutating = registration_kinds[0];
const auto& validating = registration_kinds[1];

json webhook_of(const registration_kind& kind, const registration_settings& settings) {
  return desired_registration(kind, settings, "Q0E=")["webhooks"].at(0);
}

TEST(WebhookRegistration, AsksForServicesAndNothingElse) {
  for (const auto& kind : registration_kinds) {
    const auto object = desired_registration(kind, in_cluster, "Q0E=");
    EXPECT_EQ(object["kind"], kind.kind);
    EXPECT_EQ(object["metadata"]["name"], "dklb");
    const auto hook = object["webhooks"].at(0);
    EXPECT_EQ(hook["name"], kind.webhook);
    EXPECT_EQ(hook["rules"], json::parse(R"([{"apiGroups": [""], "apiVersions": ["v1"],
      "operations": ["CREATE", "UPDATE"], "resources": ["services"], "scope": "Namespaced"}])"));
    EXPECT_EQ(hook["sideEffects"], "None");
    EXPECT_EQ(hook["timeoutSeconds"], 5);
    EXPECT_EQ(hook["matchPolicy"], "Equivalent");
    EXPECT_EQ(hook["failurePolicy"], "Ignore");
    EXPECT_EQ(hook["clientConfig"]["caBundle"], "Q0E=");
    EXPECT_EQ(hook["clientConfig"]["service"], json({{"name", "dklb-webhook"},
                                                     {"namespace", "dklb-system"},
                                                     {"path", kind.path},
                                                     {"port", 443}}));
    EXPECT_EQ(hook["namespaceSelector"]["matchExpressions"][0]["values"],
              json({"kube-system", "dklb-system"}));
  }
  EXPECT_EQ(webhook_of(mutating, in_cluster)["reinvocationPolicy"], "IfNeeded");
  EXPECT_FALSE(webhook_of(validating, in_cluster).contains("reinvocationPolicy"));
}

TEST(WebhookRegistration, OutsideTheClusterItIsAUrlAndNoNamespaceIsOurs) {
  const auto hook = webhook_of(validating, {"dklb", "default", "https://host:8443/", "Fail"});
  EXPECT_EQ(hook["clientConfig"]["url"], "https://host:8443/validate");
  EXPECT_FALSE(hook["clientConfig"].contains("service"));
  EXPECT_EQ(hook["failurePolicy"], "Fail");
  EXPECT_EQ(hook["namespaceSelector"]["matchExpressions"][0]["values"], json({"kube-system"}));
}

struct comparison_case {
  const char* name;
  std::function<void(json& object)> change;
  bool holds;
};

TEST(WebhookRegistration, OnlyWhatMattersIsADifference) {
  const comparison_case cases[]{
    {"nothing", [](json&) {}, true},
    {"server's own fields",
     [](json& object) {
       object["metadata"]["generation"] = 3;
       object["webhooks"][0].erase("matchConditions");
       object["webhooks"][0].erase("objectSelector");
     },
     true},
    {"foreign label", [](json& object) { object["metadata"]["labels"]["team"] = "net"; }, true},
    {"our label gone", [](json& object) { object["metadata"].erase("labels"); }, false},
    {"webhooks gone", [](json& object) { object.erase("webhooks"); }, false},
    {"another webhook", [](json& object) { object["webhooks"].push_back(object["webhooks"][0]); },
     false},
    {"failure policy", [](json& object) { object["webhooks"][0]["failurePolicy"] = "Fail"; },
     false},
    {"CA", [](json& object) { object["webhooks"][0]["clientConfig"]["caBundle"] = "QQ=="; }, false},
    {"CA gone", [](json& object) { object["webhooks"][0]["clientConfig"].erase("caBundle"); },
     false},
    {"object selector",
     [](json& object) { object["webhooks"][0]["objectSelector"]["matchLabels"]["a"] = "b"; },
     false},
    {"match condition",
     [](json& object) { object["webhooks"][0]["matchConditions"] = json::array({"x"}); }, false},
    {"fewer operations",
     [](json& object) { object["webhooks"][0]["rules"][0]["operations"] = {"CREATE"}; }, false},
    {"no object", [](json& object) { object = nullptr; }, false},
  };
  const auto desired = desired_registration(mutating, in_cluster, "Q0E=");
  for (const auto& row : cases) {
    auto actual = desired;
    row.change(actual);
    EXPECT_EQ(registration_holds(actual, desired), row.holds) << row.name;
  }
}

TEST(WebhookRegistration, WhatAMergePatchOfTheDesiredMakesHolds) {
  const auto desired = desired_registration(mutating, in_cluster, "Q0E=");
  auto actual = desired;
  actual["webhooks"][0]["objectSelector"]["matchLabels"]["a"] = "b";
  actual["webhooks"].push_back("more");
  actual.merge_patch(desired);
  EXPECT_TRUE(registration_holds(actual, desired));
}

TEST(WebhookRegistration, OnlyCertificatesLeaveAPemFile) {
  const std::string one = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  const std::string key = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n";
  EXPECT_EQ(certificates_of("# issued today\n" + one + key + one).value(), one + one);
  for (const auto& text : {std::string{}, key, std::string{"-----BEGIN CERTIFICATE-----\nMIIB"}})
    EXPECT_EQ(certificates_of(text).failure().message, "holds no PEM certificate");
}

} // namespace
