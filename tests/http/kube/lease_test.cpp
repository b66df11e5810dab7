// A Lease as the API server has it, and the requests about it.
#include "http/kube/lease.hpp"

#include "tests/http/kube/scripted_api.hpp"

#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using namespace std::chrono_literals;
using domain::error_code;
using domain::lease_record;
using nlohmann::json;
using std::chrono::sys_days;

const json server_object = json::parse(R"({
  "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
  "metadata": {"namespace": "dklb", "name": "leader", "uid": "u1", "resourceVersion": "7",
               "labels": {"kept": "yes"}, "managedFields": [{"large": true}]},
  "spec": {"holderIdentity": "them", "leaseDurationSeconds": 15, "leaseTransitions": 3,
           "acquireTime": "2024-05-01T10:00:00.000001Z",
           "renewTime": "2024-05-01T10:00:02.500000Z", "strategy": "Oldest"}})");

lease_record server_record() {
  lease_record record;
  record.holder = "them";
  record.duration = 15s;
  record.acquired = sys_days{2024y / 5 / 1} + 10h + 1us;
  record.renewed = sys_days{2024y / 5 / 1} + 10h + 2500ms;
  record.transitions = 3;
  record.version = "7";
  return record;
}

TEST(LeaseCodec, ARecordIsReadAsItWasWritten) {
  const auto record = http::kube::decode_lease(server_object);
  ASSERT_TRUE(record) << record.failure().message;
  EXPECT_EQ(*record, server_record());
  auto expected = server_object;
  expected["metadata"].erase("managedFields");
  EXPECT_EQ(http::kube::encode_lease(server_object, "dklb", "leader", *record), expected);
}

TEST(LeaseCodec, ANewLeaseHasNoVersion) {
  auto record = server_record();
  record.version.clear();
  EXPECT_EQ(http::kube::encode_lease(nullptr, "dklb", "leader", record).at("metadata"),
            (json{{"namespace", "dklb"}, {"name", "leader"}}));
}

TEST(LeaseCodec, AnEmptyLeaseIsHeldByNobody) {
  for (const json& spec : {json(nullptr), json::object(), json{{"holderIdentity", nullptr}}}) {
    const auto record =
      http::kube::decode_lease({{"metadata", {{"resourceVersion", "1"}}}, {"spec", spec}});
    ASSERT_TRUE(record);
    EXPECT_EQ(record->holder, "");
    EXPECT_EQ(record->duration, 0s);
    EXPECT_EQ(record->version, "1");
  }
}

TEST(LeaseCodec, AFieldOfTheWrongTypeIsNamed) {
  const std::pair<const char*, json> table[] = {
    {"holderIdentity", 1},     {"leaseDurationSeconds", "15"},
    {"leaseTransitions", 1.5}, {"acquireTime", "yesterday"},
    {"renewTime", 12},
  };
  for (const auto& [field, value] : table) {
    auto object = server_object;
    object["spec"][field] = value;
    const auto record = http::kube::decode_lease(object);
    ASSERT_FALSE(record) << field;
    EXPECT_EQ(record.failure().code, error_code::malformed);
    EXPECT_NE(record.failure().message.find(field), std::string::npos);
  }
  EXPECT_FALSE(http::kube::decode_lease(nullptr));
  EXPECT_FALSE(http::kube::decode_lease({{"metadata", 1}}));
  EXPECT_FALSE(http::kube::decode_lease({{"metadata", json::object()}, {"spec", 1}}));
}

struct LeaseStoreTest : testing::Test {
  void open(const scripted_api& api) {
    auto settings = api.settings();
    settings.may_write = [] { return false; };
    store = std::make_shared<http::kube::lease_store>(
      std::make_shared<http::kube::client>(engine, settings), "dklb", "leader", 5s);
  }
  domain::result<std::optional<lease_record>> get() {
    awaited<domain::result<std::optional<lease_record>>> answer;
    store->get(answer.callback());
    return answer.get();
  }

  http::engine engine;
  std::shared_ptr<http::kube::lease_store> store;
  const std::string collection = "/apis/coordination.k8s.io/v1/namespaces/dklb/leases";
};

TEST_F(LeaseStoreTest, WhatIsNotThereIsNothing) {
  scripted_api api{{answer_status(404, "not found"), answer_status(500, "broken")}, {}};
  open(api);
  const auto absent = get();
  ASSERT_TRUE(absent);
  EXPECT_EQ(*absent, std::nullopt);
  EXPECT_FALSE(get());
  EXPECT_EQ(api.requests().at(0).path, collection + "/leader");
}

TEST_F(LeaseStoreTest, ItIsCreatedWithoutLeadership) {
  scripted_api api{{answer_json(201, server_object), answer_status(409, "already exists")}, {}};
  open(api);
  awaited<domain::result<lease_record>> answer;
  store->create(server_record(), answer.callback());
  const auto created = answer.get();
  ASSERT_TRUE(created) << created.failure().message;
  EXPECT_EQ(created->version, "7");
  const auto sent = api.requests().at(0);
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.path, collection);
  EXPECT_FALSE(json::parse(sent.body).at("metadata").contains("resourceVersion"));
  awaited<domain::result<lease_record>> again;
  store->create(server_record(), again.callback());
  EXPECT_EQ(again.get().failure().code, error_code::conflict);
}

TEST_F(LeaseStoreTest, AnUpdateNamesItsVersionAndKeepsWhatIsNotOurs) {
  scripted_api api{{answer_json(200, server_object), answer_json(200, server_object)}, {}};
  open(api);
  ASSERT_TRUE(get());
  auto record = server_record();
  record.holder = "us";
  awaited<domain::result<lease_record>> answer;
  store->update(record, answer.callback());
  ASSERT_TRUE(answer.get());
  const auto sent = api.requests().at(1);
  EXPECT_EQ(sent.method, "PUT");
  EXPECT_EQ(sent.path, collection + "/leader");
  const auto body = json::parse(sent.body);
  EXPECT_EQ(body.at("metadata").at("resourceVersion"), "7");
  EXPECT_EQ(body.at("metadata").at("labels"), (json{{"kept", "yes"}}));
  EXPECT_EQ(body.at("spec").at("strategy"), "Oldest");
  EXPECT_EQ(body.at("spec").at("holderIdentity"), "us");
}

TEST_F(LeaseStoreTest, NothingIsRepeatedByItself) {
  scripted_api api{{answer_status(429, "later", "Retry-After: 0\r\n")}, {}};
  open(api);
  awaited<domain::result<lease_record>> answer;
  store->update(server_record(), answer.callback());
  EXPECT_EQ(answer.get().failure().code, error_code::throttled);
  EXPECT_EQ(api.requests().size(), 1U);
}

} // namespace
} // namespace dklb::tests
