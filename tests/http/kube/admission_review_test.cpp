#include "http/kube/admission_review.hpp"

#include "http/text/base64.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace dklb::tests {
namespace {

using domain::admission_operation;
using http::kube::decode_admission_review;
using http::kube::encode_admission_review;
using nlohmann::json;
using testing::HasSubstr;

/// As kube-apiserver sends it for `kubectl create`.
json review_of(const std::string& operation = "CREATE") {
  return {{"kind", "AdmissionReview"},
          {"apiVersion", "admission.k8s.io/v1"},
          {"request",
           {{"uid", "review-1"},
            {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Service"}}},
            {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "services"}}},
            {"namespace", "default"},
            {"operation", operation},
            {"dryRun", false},
            {"oldObject", nullptr},
            {"object",
             {{"metadata", {{"generateName", "web-"}, {"namespace", "default"}}},
              {"spec", {{"type", "LoadBalancer"}, {"ports", {{{"port", 80}}}}}}}}}}};
}

TEST(AdmissionReview, ReadsAServiceThatIsNotStoredYet) {
  const auto review = decode_admission_review(review_of().dump());
  ASSERT_TRUE(review.has_value()) << review.failure().message;
  EXPECT_EQ(review->uid, "review-1");
  EXPECT_FALSE(review->unreadable);
  EXPECT_EQ(review->request.operation, admission_operation::create);
  ASSERT_TRUE(review->request.object);
  EXPECT_EQ(review->request.object->key.name_space, "default");
  EXPECT_EQ(review->request.object->ports.at(0).port, 80);
  EXPECT_FALSE(review->request.old_object);
  EXPECT_FALSE(review->request.has_annotations);
  EXPECT_TRUE(review->request.allocates_node_ports);
}

TEST(AdmissionReview, ReadsWhatDecidesBesideTheService) {
  auto body = review_of("UPDATE");
  auto& request = body["request"];
  request["object"]["metadata"]["annotations"] = json::object();
  request["object"]["spec"]["allocateLoadBalancerNodePorts"] = false;
  request["oldObject"] = request["object"];
  request["oldObject"]["metadata"]["deletionTimestamp"] = "2024-01-01T00:00:00Z";
  const auto review = decode_admission_review(body.dump());
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->request.operation, admission_operation::update);
  EXPECT_TRUE(review->request.has_annotations);
  EXPECT_FALSE(review->request.allocates_node_ports);
  ASSERT_TRUE(review->request.old_object);
  EXPECT_TRUE(review->request.old_object->deleting);
}

struct other_case {
  const char* name;
  const char* pointer;
  json value;
};

TEST(AdmissionReview, OtherKindsAndSubresourcesHaveNoObject) {
  const other_case cases[]{{"kind", "/request/kind/kind", "Pod"},
                           {"group", "/request/kind/group", "serving.knative.dev"},
                           {"version", "/request/kind/version", "v2"},
                           {"subresource", "/request/subResource", "status"},
                           {"no object", "/request/object", nullptr}};
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    auto body = review_of();
    body[json::json_pointer{row.pointer}] = row.value;
    const auto review = decode_admission_review(body.dump());
    ASSERT_TRUE(review.has_value());
    EXPECT_EQ(review->uid, "review-1");
    EXPECT_FALSE(review->request.object);
    EXPECT_FALSE(review->unreadable);
  }
}

TEST(AdmissionReview, OtherOperationsAreToldApart) {
  for (const auto* operation : {"DELETE", "CONNECT", "", "create"}) {
    const auto review = decode_admission_review(review_of(operation).dump());
    ASSERT_TRUE(review.has_value());
    EXPECT_EQ(review->request.operation, admission_operation::other);
  }
}

struct body_case {
  const char* name;
  std::string body;
  const char* error;
};

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(AdmissionReview, AnythingElseIsRefusedWithTheReason) {
  auto old = review_of();
  old["apiVersion"] = "admission.k8s.io/v1beta1";
  auto no_request = review_of();
  no_request.erase("request");
  auto no_uid = review_of();
  no_uid["request"].erase("uid");
  auto number = review_of();
  number["request"]["uid"] = 7;
  auto kind = review_of();
  kind["kind"] = "Service";
  const auto text = review_of().dump();
  const body_case cases[]{
    {"nothing", "", "is not JSON"},
    {"no JSON", "apiVersion: v1", "is not JSON"},
    {"half", text.substr(0, text.size() / 2), "is not JSON"},
    {"more behind it", text + "{}", "is not JSON"},
    {"no UTF-8", "{\"kind\": \"\xff\"}", "is not JSON"},
    {"list", "[]", "is not an AdmissionReview"},
    {"another kind", kind.dump(), "is not an AdmissionReview"},
    {"another version", old.dump(), "only AdmissionReviews of admission.k8s.io/v1"},
    {"no request", no_request.dump(), "has no request"},
    {"no uid", no_uid.dump(), "has no uid"},
    {"number as uid", number.dump(), "has no uid"},
    {"deep", nested(4U << 20U), "nested too deeply"},
    {"deep in what nobody reads", R"({"managedFields": )" + nested(200) + "}", "nested too deeply"},
    {"deep behind a string", R"({"a": "\"[", "b": )" + nested(200) + "}", "nested too deeply"},
    {"deep and never closed", std::string(8U << 20U, '['), "is not JSON"},
  };
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    const auto review = decode_admission_review(row.body);
    ASSERT_FALSE(review.has_value());
    EXPECT_THAT(review.failure().message, HasSubstr(row.error));
  }
}

TEST(AdmissionReview, WhatNobodyReadsIsLeftOutAndTheRestStaysInStep) {
  auto body = review_of();
  auto& request = body["request"];
  auto& metadata = request["object"]["metadata"];
  metadata["managedFields"] = json::parse(R"([{"fieldsV1": {"f:spec": {"f:ports": {}}}}, [], 1])");
  metadata["annotations"] = {{domain::config_annotation_name, "name: web"}, {"resource", "text"}};
  metadata["finalizers"] = {"one", "two"};
  request["userInfo"] = {{"groups", {"system:masters"}},
                         {"extra", {{"a", {{"b", json::array()}}}}}};
  request["options"] = nullptr;
  const auto review = decode_admission_review(body.dump());
  ASSERT_TRUE(review.has_value()) << review.failure().message;
  ASSERT_TRUE(review->request.object);
  EXPECT_EQ(review->request.object->config_annotation, "name: web");
  EXPECT_EQ(review->request.object->finalizers, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(review->request.object->ports.at(0).port, 80);
  EXPECT_TRUE(review->request.has_annotations);
}

TEST(AdmissionReview, BracketsInsideTextsDoNotCount) {
  auto body = review_of();
  body["request"]["object"]["metadata"]["annotations"]["a"] = std::string(500, '[') + "\\\"";
  EXPECT_TRUE(decode_admission_review(body.dump()).has_value());
}

TEST(AdmissionReview, ServiceOfTheWrongShapeIsUnreadableAndNamesTheField) {
  const other_case cases[]{
    {"ports", "/request/object/spec/ports", "many"},
    {"metadata", "/request/object/metadata", 7},
    {"object", "/request/object", "text"},
    {"annotation", "/request/object/metadata/annotations", {{domain::config_annotation_name, 7}}}};
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    auto body = review_of();
    body[json::json_pointer{row.pointer}] = row.value;
    const auto review = decode_admission_review(body.dump());
    ASSERT_TRUE(review.has_value());
    EXPECT_FALSE(review->request.object);
    ASSERT_TRUE(review->unreadable);
    EXPECT_FALSE(review->unreadable->message.empty());
  }
}

TEST(AdmissionReview, AnswersEchoUidKindAndVersion) {
  const auto answer = json::parse(encode_admission_review("review-1", {}));
  EXPECT_EQ(answer, (json{{"apiVersion", "admission.k8s.io/v1"},
                          {"kind", "AdmissionReview"},
                          {"response", {{"uid", "review-1"}, {"allowed", true}}}}));
}

TEST(AdmissionReview, DenialsCarryCodeAndMessage) {
  domain::admission_verdict verdict;
  verdict.allowed = false;
  verdict.code = 422;
  verdict.reason = "Invalid";
  verdict.message = "\xff is wrong\n\x1b[31m";
  verdict.warnings = {"careful", "x\r\n"};
  const auto response = json::parse(encode_admission_review("u", verdict))["response"];
  EXPECT_EQ(response["allowed"], false);
  EXPECT_EQ(response["status"]["code"], 422);
  EXPECT_EQ(response["status"]["reason"], "Invalid");
  EXPECT_EQ(response["status"]["message"], "\\xff is wrong\\n\\x1b[31m");
  EXPECT_EQ(response["warnings"], json({"careful", "x\\r\\n"}));
  EXPECT_FALSE(response.contains("patch"));
}

TEST(AdmissionReview, PatchesTravelInBase64) {
  domain::admission_verdict verdict;
  verdict.patch = json::array({{{"op", "add"}, {"path", "/metadata/annotations"}, {"value", {}}}});
  const auto response = json::parse(encode_admission_review("u", verdict))["response"];
  EXPECT_EQ(response["patchType"], "JSONPatch");
  const auto patch = http::base64_decode(response["patch"].get<std::string>());
  ASSERT_TRUE(patch);
  EXPECT_EQ(json::parse(*patch), verdict.patch);
}

} // namespace
} // namespace dklb::tests
