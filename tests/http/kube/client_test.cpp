// Single requests to the API server: headers, retries, refusals.
#include "http/kube/client.hpp"

#include "http/kube/warnings.hpp"
#include "tests/http/kube/scripted_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>

namespace dklb::tests {
namespace {

using domain::error_code;
using http::kube::call;
using http::kube::credential;
using http::kube::patch_type;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* service_path = "/api/v1/namespaces/default/services/one";
/// A wait of no time: the rule that it is obeyed matters here, not how long it is.
constexpr const char* at_once = "Retry-After: 0\r\n";

call get_call(const std::string& path = service_path) {
  call what;
  what.path = path;
  return what;
}

call write_call(const std::string& method = "PATCH") {
  call what = get_call();
  what.method = method;
  what.body = R"({"a":1})";
  what.content_type = http::kube::content_type_of(patch_type::merge);
  return what;
}

/// Hands out "Bearer one", "Bearer two", ... and moves on when one is refused.
class counting_source : public http::kube::token_source {
public:
  void get(http::kube::credential_ready ready) override {
    ready(credential{"Bearer " + std::to_string(number_), nullptr});
  }
  bool refused(const credential& used) override {
    refused_ += used.authorization;
    ++number_;
    return true;
  }
  std::string refused_so_far() const { return refused_; }

private:
  std::atomic<int> number_{1};
  std::string refused_;
};

class failing_source : public http::kube::token_source {
public:
  void get(http::kube::credential_ready ready) override {
    ready(domain::error{error_code::unauthorized, "the plugin failed", {}, 0});
  }
  bool refused(const credential& /*used*/) override { return false; }
};

struct ClientTest : testing::Test {
  domain::result<json> ask(scripted_api& api, call what,
                           std::function<void(http::kube::client_settings&)> adjust = {}) {
    auto settings = api.settings();
    if (adjust)
      adjust(settings);
    http::kube::client client{engine, std::move(settings)};
    awaited<domain::result<json>> answer;
    client.request(std::move(what), answer.callback());
    return answer.get();
  }

  http::engine engine;
};

TEST_F(ClientTest, ARequestSaysWhoAsksAndWhatItTakes) {
  scripted_api api{{answer_json(200, {{"kind", "Service"}})}, {}};
  const auto answer = ask(api, get_call(), [](auto& settings) {
    settings.access.token = std::make_shared<counting_source>();
  });
  ASSERT_TRUE(answer) << answer.failure().message;
  EXPECT_EQ(*answer, (json{{"kind", "Service"}}));
  const auto sent = api.requests().at(0);
  EXPECT_EQ(sent.method, "GET");
  EXPECT_EQ(sent.path, service_path);
  EXPECT_EQ(sent.headers.at("accept"), "application/json");
  EXPECT_EQ(sent.headers.at("authorization"), "Bearer 1");
  EXPECT_EQ(sent.headers.at("accept-encoding"), "gzip");
  EXPECT_THAT(sent.headers.at("user-agent"),
              testing::MatchesRegex("dklb/[0-9.]+ \\(linux/[a-z0-9]+\\)"));
}

TEST_F(ClientTest, EachPatchHasItsContentType) {
  const std::pair<patch_type, const char*> table[] = {
    {patch_type::merge, "application/merge-patch+json"},
    {patch_type::strategic_merge, "application/strategic-merge-patch+json"},
  };
  for (const auto& [type, content_type] : table) {
    scripted_api api{{answer_json(200, json::object())}, {}};
    auto what = write_call();
    what.content_type = http::kube::content_type_of(type);
    ASSERT_TRUE(ask(api, what));
    EXPECT_EQ(api.requests().at(0).headers.at("content-type"), content_type);
    EXPECT_EQ(api.requests().at(0).body, R"({"a":1})");
  }
}

TEST_F(ClientTest, AnEmptyAnswerIsNull) {
  scripted_api api{
    {[](const api_request&, raw_connection& connection) { connection.reply(200, ""); }}, {}};
  const auto answer = ask(api, write_call("DELETE"));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_null());
}

TEST_F(ClientTest, AnAnswerThatIsNoJsonIsMalformed) {
  scripted_api api{
    {[](const api_request&, raw_connection& connection) { connection.reply(200, "<html>"); }}, {}};
  const auto answer = ask(api, get_call());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().code, error_code::malformed);
}

TEST_F(ClientTest, AFailureCarriesTheRequestAndTheServersWords) {
  scripted_api api{{answer_status(409, "the object has been modified")}, {}};
  const auto answer = ask(api, get_call(std::string{service_path} + "?secret=1"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().code, error_code::conflict);
  EXPECT_EQ(answer.failure().message,
            std::string{"GET "} + service_path + ": the object has been modified");
}

TEST_F(ClientTest, A401MakesTheCredentialsBeReadAgainOnce) {
  scripted_api api{{answer_status(401, "Unauthorized"), answer_json(200, json::object())}, {}};
  const auto source = std::make_shared<counting_source>();
  const auto with_source = [&source](auto& settings) { settings.access.token = source; };
  EXPECT_TRUE(ask(api, write_call(), with_source));
  EXPECT_EQ(api.requests().at(1).headers.at("authorization"), "Bearer 2");
  EXPECT_EQ(source->refused_so_far(), "Bearer 1");

  scripted_api stern{{answer_status(401, "Unauthorized"), answer_status(401, "Unauthorized"),
                      answer_json(200, json::object())},
                     {}};
  const auto answer = ask(stern, write_call(), with_source);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().code, error_code::unauthorized);
  EXPECT_EQ(stern.requests().size(), 2U);
}

TEST_F(ClientTest, WithoutCredentialsNothingIsSent) {
  scripted_api api{{}, {}};
  const auto answer = ask(api, get_call(), [](auto& settings) {
    settings.access.token = std::make_shared<failing_source>();
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().message, "the plugin failed");
  EXPECT_THAT(api.requests(), IsEmpty());
}

TEST_F(ClientTest, WhatIsTriedAgainAndWhatIsNot) {
  struct expected {
    const char* name;
    call what;
    api_step first;
    std::size_t requests;
  };
  const expected table[] = {
    {"429 with a wait", write_call(), answer_status(429, "later", at_once), 2},
    {"503 with a wait", write_call(), answer_status(503, "later", at_once), 2},
    {"a read and 503 with a wait", get_call(), answer_status(503, "later", at_once), 2},
    {"429 without a wait", write_call(), answer_status(429, "later"), 1},
    {"500 without a wait", get_call(), answer_status(500, "broken"), 1},
    {"a wait that is too long", get_call(), answer_status(429, "x", "Retry-After: 3600\r\n"), 1},
    {"404 with a wait", get_call(), answer_status(404, "no", at_once), 1},
    {"a read and a reset", get_call(), answer_reset(), 2},
    {"a write and a reset", write_call(), answer_reset(), 1},
    {"a creation and a reset", write_call("POST"), answer_reset(), 1},
  };
  for (const auto& [name, what, first, requests] : table) {
    scripted_api api{{first, answer_json(200, json::object())}, {}};
    const auto answer = ask(api, what);
    EXPECT_EQ(answer.has_value(), requests == 2) << name;
    EXPECT_EQ(api.requests().size(), requests) << name;
  }
}

TEST_F(ClientTest, ItIsTriedAgainTenTimesAtMost) {
  scripted_api api{std::vector<api_step>(20, answer_status(429, "later", at_once)), {}};
  const auto answer = ask(api, write_call());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().code, error_code::throttled);
  EXPECT_EQ(api.requests().size(), 11U);
}

TEST_F(ClientTest, ACallerWithABackOffOfItsOwnIsNotSecondGuessed) {
  scripted_api api{{answer_status(429, "later", at_once), answer_json(200, json::object())}, {}};
  auto what = get_call();
  what.retries = 0;
  const auto answer = ask(api, what);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().retry_after, std::chrono::milliseconds{0});
}

TEST_F(ClientTest, AGuardedWriteNeedsLeadershipAtItsMoment) {
  struct expected {
    const char* method;
    bool guarded;
    bool sent;
  };
  const expected table[] = {
    {"PATCH", true, false}, {"PATCH", false, true}, {"GET", true, true}, {"DELETE", true, false}};
  for (const auto& [method, guarded, sent] : table) {
    scripted_api api{{answer_json(200, json::object())}, {}};
    auto what = write_call(method);
    what.guarded = guarded;
    const auto answer =
      ask(api, what, [](auto& settings) { settings.may_write = [] { return false; }; });
    EXPECT_EQ(answer.has_value(), sent) << method;
    EXPECT_EQ(api.requests().size(), sent ? 1U : 0U) << method;
    EXPECT_TRUE(sent || answer.failure().code == error_code::not_leader) << method;
  }
}

TEST_F(ClientTest, LeadershipIsAskedForAgainBeforeARetry) {
  scripted_api api{{answer_status(429, "later", at_once), answer_json(200, json::object())}, {}};
  auto refused = std::make_shared<std::atomic<bool>>(false);
  const auto answer = ask(api, write_call(), [refused](auto& settings) {
    settings.may_write = [refused] { return !refused->load(); };
    settings.on_answer = [refused](const std::string&, int status) { *refused = status == 429; };
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().code, error_code::not_leader);
  EXPECT_EQ(api.requests().size(), 1U);
}

TEST_F(ClientTest, AListDoesNotWaitBehindWrites) {
  gate let_go;
  scripted_api api{{[&let_go](const api_request&, raw_connection& connection) {
                      let_go.wait();
                      connection.reply(200, "{}");
                    },
                    answer_list("1", {})},
                   {}};
  auto settings = api.settings();
  settings.limits.max_in_flight = 1;
  http::kube::client client{engine, settings};
  awaited<domain::result<json>> written;
  client.request(write_call(), written.callback());
  EXPECT_TRUE(eventually([&api] { return api.requests().size() == 1; }));
  auto what = get_call("/api/v1/services");
  what.list = true;
  awaited<domain::result<std::string>> listed;
  client.request_text(what, listed.callback());
  EXPECT_TRUE(listed.get());
  EXPECT_FALSE(written.ready());
  let_go.open();
  EXPECT_TRUE(written.get());
}

TEST_F(ClientTest, ChangedBoundHoldsForWhatWaits) {
  gate let_go;
  const auto hold = [&let_go](const api_request&, raw_connection& connection) {
    let_go.wait();
    connection.reply(200, "{}");
  };
  scripted_api api{{hold, hold, hold}, {}};
  auto settings = api.settings();
  settings.limits.max_in_flight = 1;
  http::kube::client client{engine, settings};
  std::array<awaited<domain::result<json>>, 3> written;
  for (auto& answer : written)
    client.request(write_call(), answer.callback());
  client.change(settings.timeout, {.max_in_flight = 3});
  EXPECT_TRUE(eventually([&api] { return api.requests().size() == 3; }));
  let_go.open();
  for (auto& answer : written)
    EXPECT_TRUE(answer.get());
}

TEST_F(ClientTest, ChangedTimeoutHoldsForTheNextRequest) {
  scripted_api api{
    {[](const api_request&, raw_connection& connection) { connection.wait_for_end(); }}, {}};
  http::kube::client client{engine, api.settings()};
  client.change(std::chrono::milliseconds{50}, {.max_in_flight = 1});
  awaited<domain::result<json>> written;
  client.request(write_call(), written.callback());
  const auto outcome = written.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().code, error_code::timeout);
}

TEST_F(ClientTest, EveryAnswerIsCounted) {
  scripted_api api{{answer_status(404, "no")}, {}};
  auto counted = std::make_shared<std::string>();
  ASSERT_FALSE(ask(api, get_call(), [counted](auto& settings) {
    settings.on_answer = [counted](const std::string& method, int status) {
      *counted += method + ' ' + std::to_string(status);
    };
  }));
  EXPECT_EQ(*counted, "GET 404");
}

/// Notes what a watch tells; waits for its end.
struct WatchTest : ClientTest {
  domain::result<domain::unit> watch(http::kube::client& client) {
    awaited<domain::result<domain::unit>> end;
    http::stream_handler handler;
    handler.on_open = [this](int status, const http::header_list&) {
      opened += std::to_string(status);
    };
    handler.on_data = [this](std::string_view chunk) { text += chunk; };
    handler.on_close = end.callback();
    const auto stream = client.open_watch("/api/v1/services?watch=true", handler, patience);
    return end.get();
  }

  std::string opened;
  std::string text;
};

TEST_F(WatchTest, AnAgreedWatchIsHandedOn) {
  scripted_api api{{}, {answer_watch({"{\"a\":", "1}"}, watch_end::close)}};
  http::kube::client client{engine, api.settings()};
  EXPECT_TRUE(watch(client));
  EXPECT_EQ(opened, "200");
  EXPECT_EQ(text, R"({"a":1})");
}

TEST_F(WatchTest, ARefusalIsToldInTheServersWordsAndNeverAsData) {
  scripted_api api{{}, {answer_status(410, "too old resource version")}};
  http::kube::client client{engine, api.settings()};
  const auto end = watch(client);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.failure().code, error_code::gone);
  EXPECT_EQ(end.failure().message, "WATCH /api/v1/services: too old resource version");
  EXPECT_EQ(opened + text, "");
}

TEST_F(WatchTest, A401MakesTheCredentialsBeReadAgainOnce) {
  scripted_api api{{}, {answer_status(401, "no"), answer_watch({"{}"}, watch_end::close)}};
  auto settings = api.settings();
  settings.access.token = std::make_shared<counting_source>();
  http::kube::client client{engine, settings};
  EXPECT_TRUE(watch(client));
  EXPECT_EQ(api.watches().at(1).headers.at("authorization"), "Bearer 2");
  EXPECT_EQ(text, "{}");
}

TEST_F(WatchTest, WithoutCredentialsItsEndIsTold) {
  scripted_api api{{}, {}};
  auto settings = api.settings();
  settings.access.token = std::make_shared<failing_source>();
  http::kube::client client{engine, settings};
  const auto end = watch(client);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.failure().message, "the plugin failed");
}

TEST_F(WatchTest, ACancelledWatchTellsItsEndOnce) {
  scripted_api api{{}, {}};
  http::kube::client client{engine, api.settings()};
  awaited<domain::result<domain::unit>> end;
  gate open;
  http::stream_handler handler;
  handler.on_open = [&open](int, const http::header_list&) { open.open(); };
  handler.on_data = [](std::string_view) {};
  handler.on_close = end.callback();
  const auto stream = client.open_watch("/api/v1/services?watch=true", handler, patience);
  EXPECT_TRUE(open.wait());
  stream->cancel();
  stream->cancel();
  const auto outcome = end.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().code, error_code::cancelled);
}

TEST(Warnings, TheTextsOfAHeaderAreTakenOutOfTheirQuotes) {
  using http::kube::warning_texts;
  EXPECT_THAT(warning_texts(R"(299 - "v1 Old is deprecated")"),
              ElementsAre("v1 Old is deprecated"));
  EXPECT_THAT(warning_texts(R"(299 - "one", 299 host "two, with \"quotes\"")"),
              ElementsAre("one", R"(two, with "quotes")"));
  EXPECT_THAT(warning_texts(R"(299 - "dated" "Sat, 25 Aug 2012 23:34:45 GMT")"),
              ElementsAre("dated"));
  EXPECT_THAT(warning_texts("299 - unquoted"), IsEmpty());
  EXPECT_THAT(warning_texts(R"(299 - "never ends)"), IsEmpty());
}

TEST(Warnings, EachTextIsToldOnce) {
  http::kube::warning_log log;
  const http::header_list headers{{"warning", R"(299 - "one")"}, {"content-type", "\"two\""}};
  EXPECT_THAT(log.fresh(headers), ElementsAre("one"));
  EXPECT_THAT(log.fresh(headers), IsEmpty());
  EXPECT_THAT(log.fresh({{"warning", R"(299 - "three")"}}), ElementsAre("three"));
}

} // namespace
} // namespace dklb::tests
