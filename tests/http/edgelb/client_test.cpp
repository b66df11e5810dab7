#include "http/edgelb/client.hpp"

#include "tests/http/support/calls.hpp"
#include "tests/http/support/raw_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <mutex>

namespace dklb::tests {
namespace {

using domain::error_code;
using domain::pool_document;
using domain::pool_snapshot;
using domain::result;
using domain::unit;
using http::edgelb::client;
using http::edgelb::client_settings;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// An EdgeLB that gives one answer to everything and notes what it was asked.
class EdgelbClient : public testing::Test {
protected:
  client& edgelb() {
    if (client_ == nullptr) {
      settings.where = plain_endpoint(server.url() + base_path);
      client_ = std::make_unique<client>(engine, settings);
    }
    return *client_;
  }

  template <class T, class Call>
  result<T> wait_for(Call call) {
    awaited<result<T>> answer;
    call(answer.callback());
    return answer.get();
  }
  static result<pool_document> document(const result<pool_snapshot>& answer) {
    if (!answer)
      return answer.failure();
    return domain::document_of(*answer);
  }
  result<pool_document> get(const std::string& name) {
    return document(wait_for<pool_snapshot>([&](auto done) { edgelb().get_pool(name, done); }));
  }
  result<pool_document> create(const pool_document& pool) {
    return document(wait_for<pool_snapshot>([&](auto done) { edgelb().create_pool(pool, done); }));
  }
  result<pool_document> replace(const std::string& name, const pool_document& pool) {
    return document(
      wait_for<pool_snapshot>([&](auto done) { edgelb().replace_pool(name, pool, done); }));
  }
  result<unit> remove(const std::string& name) {
    return wait_for<unit>([&](auto done) { edgelb().delete_pool(name, done); });
  }
  result<std::string> inventory() {
    return wait_for<std::string>([&](auto done) { edgelb().read_inventory(done); });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> all;
    for (const std::string& request : requests) {
      all.push_back(request_line(request));
    }
    return all;
  }
  std::string last_request() {
    const std::lock_guard lock(mutex);
    return requests.empty() ? "" : requests.back();
  }

  int status = 200;
  std::string body = "{}";
  std::string base_path;
  client_settings settings;
  std::mutex mutex;
  std::vector<std::string> requests;
  raw_server server{each_request([this](raw_connection& connection, const std::string& request) {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    connection.reply(status, body);
  })};
  http::engine engine;

private:
  std::unique_ptr<client> client_;
};

TEST_F(EdgelbClient, AsksTheRoutesOfTheContract) {
  base_path = "/service/edgelb";
  (void)get("a-pool");
  (void)create({{"name", "a-pool"}});
  (void)replace("a-pool", {{"name", "a-pool"}});
  (void)remove("a-pool");
  (void)wait_for<domain::pool_metadata>(
    [&](auto done) { edgelb().get_metadata("a-pool", http::priority::normal, done); });
  (void)inventory();
  EXPECT_THAT(
    lines(),
    ElementsAre("GET /service/edgelb/v2/pools/a-pool", "POST /service/edgelb/v2/pools",
                "PUT /service/edgelb/v2/pools/a-pool", "DELETE /service/edgelb/v2/pools/a-pool",
                "GET /service/edgelb/v2/pools/a-pool/metadata", "GET /service/edgelb/v2/pools"));
}

TEST_F(EdgelbClient, ChangedBoundHoldsForWhatWaits) {
  gate let_go;
  raw_server slow{each_request([&](raw_connection& connection, const std::string& request) {
    {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
    }
    let_go.wait();
    connection.reply(200, "{}");
  })};
  settings.where = plain_endpoint(slow.url());
  settings.max_in_flight = 1;
  client changed{engine, settings};
  std::array<awaited<result<std::string>>, 3> answers;
  for (auto& answer : answers)
    changed.read_inventory(answer.callback());
  changed.change(settings.timeout, 16); // of low priority, they have a quarter
  EXPECT_TRUE(eventually([&] { return lines().size() == 3; }));
  let_go.open();
  for (auto& answer : answers)
    EXPECT_TRUE(answer.get());
}

TEST_F(EdgelbClient, ChangedTimeoutHoldsForTheNextRequest) {
  raw_server stuck{[](raw_connection& connection) { connection.wait_for_end(); }};
  settings.where = plain_endpoint(stuck.url());
  client changed{engine, settings};
  changed.change(std::chrono::milliseconds{50}, 16);
  awaited<result<std::string>> answer;
  changed.read_inventory(answer.callback());
  const auto outcome = answer.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().code, error_code::timeout);
}

TEST_F(EdgelbClient, BaseUrlMayEndInASlash) {
  base_path = "/service/edgelb/";
  (void)get("a-pool");
  EXPECT_THAT(lines(), ElementsAre("GET /service/edgelb/v2/pools/a-pool"));
}

TEST_F(EdgelbClient, NamesAreEncodedAndAnEmptyOneIsRefused) {
  (void)get("a/b?c d");
  EXPECT_THAT(lines(), ElementsAre("GET /v2/pools/a%2Fb%3Fc%20d"));
  const auto refused = remove("");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.failure().code, error_code::invalid);
  EXPECT_EQ(lines().size(), 1U) << "nothing is sent";
}

TEST_F(EdgelbClient, DocumentsKeepTheirOrderBothWays) {
  body = R"({"zebra":1,"name":"p","apple":{"z":null,"a":[]}})";
  const auto document = pool_document::parse(body);
  const auto answer = replace("p", document);
  ASSERT_TRUE(answer.has_value()) << answer.failure().message;
  EXPECT_EQ(answer->dump(), body);
  EXPECT_EQ(request_body(last_request()), body);
  EXPECT_EQ(request_header(last_request(), "Content-Type"), "application/json");
}

TEST_F(EdgelbClient, SuccessWithoutAnObjectIsMalformed) {
  for (const char* const text : {"", "null", "[]", "\"ok\"", "{\"name\": ", "<html>login</html>"}) {
    SCOPED_TRACE(text);
    body = text;
    for (const auto& answer : {create({{"name", "p"}}), replace("p", {{"name", "p"}}), get("p")}) {
      ASSERT_FALSE(answer.has_value());
      EXPECT_EQ(answer.failure().code, error_code::malformed);
    }
  }
}

TEST_F(EdgelbClient, FailuresCarryEdgelbsWords) {
  status = 422;
  body = R"({"code":422,"message":"bindPort 80 is taken"})";
  const auto answer = replace("p", {{"name", "p"}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::rejected);
  EXPECT_EQ(answer.failure().message, "bindPort 80 is taken");
}

TEST_F(EdgelbClient, AlreadyExistsIsAConflictWhateverItsStatus) {
  body = R"({"code":1,"message":"pool Already Exists: p"})";
  for (const int code : {400, 409, 500}) {
    status = code;
    const auto answer = create({{"name", "p"}});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.failure().code, error_code::conflict) << code;
  }
  body = R"({"code":1,"message":"no"})";
  EXPECT_EQ(create({{"name", "p"}}).failure().code, error_code::unavailable);
}

TEST_F(EdgelbClient, DeletingWhatIsGoneIsSuccess) {
  status = 404;
  body = R"({"code":404,"message":"no such pool"})";
  EXPECT_TRUE(remove("p").has_value());
  EXPECT_EQ(get("p").failure().code, error_code::not_found);
  status = 500;
  EXPECT_EQ(remove("p").failure().code, error_code::unavailable);
}

TEST_F(EdgelbClient, WritesAskForLeaveAndReadsDoNot) {
  settings.may_write = [] { return false; };
  EXPECT_EQ(create({{"name", "p"}}).failure().code, error_code::not_leader);
  EXPECT_EQ(replace("p", {{"name", "p"}}).failure().code, error_code::not_leader);
  EXPECT_EQ(remove("p").failure().code, error_code::not_leader);
  EXPECT_TRUE(get("p").has_value());
  EXPECT_THAT(lines(), ElementsAre("GET /v2/pools/p"));
}

TEST_F(EdgelbClient, InventoryIsHandedOnAsItCame) {
  body = R"( [{"name":"a"}, {"na)";
  EXPECT_EQ(*inventory(), body);
  status = 503;
  EXPECT_EQ(inventory().failure().code, error_code::unavailable);
}

TEST_F(EdgelbClient, MetadataNotKnownYetIsUnavailable) {
  status = 504;
  body = R"({"code":504,"message":"not known yet"})";
  const auto answer = wait_for<domain::pool_metadata>(
    [&](auto done) { edgelb().get_metadata("p", http::priority::normal, done); });
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::unavailable);
  EXPECT_EQ(answer.failure().http_status, 504);
}

TEST_F(EdgelbClient, RepliesOfAStoppedEngineAreCancelled) {
  (void)get("p");
  engine.stop(std::chrono::seconds(0));
  EXPECT_EQ(get("p").failure().code, error_code::cancelled);
  EXPECT_EQ(remove("").failure().code, error_code::invalid);
}

/// Credentials that change when they are refused.
struct changing_credentials : http::edgelb::authenticator {
  void authorize(std::function<void(result<std::string>)> ready) override {
    ready(failure ? result<std::string>(*failure)
                  : result<std::string>("Bearer secret-" + std::to_string(version)));
  }
  bool refused() override {
    ++version;
    return helps;
  }
  int version = 1;
  bool helps = true;
  std::optional<domain::error> failure;
};

class EdgelbClientCredentials : public EdgelbClient {
protected:
  EdgelbClientCredentials() { settings.credentials = credentials; }
  std::shared_ptr<changing_credentials> credentials = std::make_shared<changing_credentials>();
};

TEST_F(EdgelbClientCredentials, AreSentWithEveryRequest) {
  (void)get("p");
  EXPECT_EQ(request_header(last_request(), "Authorization"), "Bearer secret-1");
}

TEST_F(EdgelbClientCredentials, RefusedOnesAreRenewedOnceForReadsAndWrites) {
  status = 401;
  body = R"({"code":401,"message":"not you, secret-2"})";
  EXPECT_EQ(get("p").failure().code, error_code::unauthorized);
  const auto answer = create({{"name", "p"}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().code, error_code::unauthorized);
  EXPECT_THAT(
    lines(), ElementsAre("GET /v2/pools/p", "GET /v2/pools/p", "POST /v2/pools", "POST /v2/pools"));
  EXPECT_EQ(request_header(last_request(), "Authorization"), "Bearer secret-3");
}

TEST_F(EdgelbClientCredentials, WhereRenewalCannotHelpNothingIsRepeated) {
  credentials->helps = false;
  status = 401;
  const auto answer = get("p");
  EXPECT_EQ(answer.failure().code, error_code::unauthorized);
  EXPECT_THAT(answer.failure().message, HasSubstr("edgelb.bearerTokenFile"));
  EXPECT_EQ(lines().size(), 1U);
}

TEST_F(EdgelbClientCredentials, NeverReachErrors) {
  status = 400;
  body = R"({"code":400,"message":"bad header Bearer secret-1 in your request"})";
  const auto answer = get("p");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.failure().message, "bad header Bearer *** in your request");
}

TEST_F(EdgelbClientCredentials, TheirFailureIsTheCallsFailure) {
  credentials->failure = domain::error{error_code::unauthorized, "no token", std::nullopt, 0};
  EXPECT_EQ(get("p").failure().message, "no token");
  EXPECT_TRUE(lines().empty());
}

} // namespace
} // namespace dklb::tests
