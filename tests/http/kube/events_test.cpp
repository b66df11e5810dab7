// Events as each of the two APIs takes them, their series and their budget.
#include "http/kube/events.hpp"

#include "tests/http/kube/scripted_api.hpp"

#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using namespace std::chrono_literals;
using domain::error_code;
using http::kube::event_api;
using http::kube::event_series;
using http::kube::event_type;
using http::kube::event_write;
using nlohmann::json;
using std::chrono::sys_days;

const http::kube::micro_time wall = sys_days{2024y / 5 / 1} + 10h + 1234us;

event_series series_of(event_api api) {
  http::kube::event_settings settings;
  settings.api = api;
  settings.instance = "host_uuid";
  return event_series{settings};
}

http::kube::event_note note_of(const std::string& text, const std::string& uid = "u1") {
  http::kube::event_note note;
  note.about = {"v1", "Service", "shop", "web", uid, "42"};
  note.type = event_type::warning;
  note.reason = "PoolRefused";
  note.action = "Provision";
  note.note = text;
  return note;
}

TEST(EventSeries, TheFirstIsCreatedInTheNewApi) {
  auto events = series_of(event_api::events_v1);
  const auto write = events.record(note_of("no room"), wall, 0ms);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->request.method, "POST");
  EXPECT_EQ(write->request.path, "/apis/events.k8s.io/v1/namespaces/shop/events");
  EXPECT_EQ(write->request.priority, http::priority::low);
  auto body = nlohmann::json::parse(write->request.body);
  const auto name = body.at("metadata").at("name").get<std::string>();
  EXPECT_TRUE(name.starts_with("web.")) << name;
  body.erase("metadata");
  EXPECT_EQ(body, json::parse(R"({"apiVersion":"events.k8s.io/v1","kind":"Event","type":"Warning",
    "reason":"PoolRefused","action":"Provision","note":"no room",
    "eventTime":"2024-05-01T10:00:00.001234Z",
    "reportingController":"kubernetes.dcos.io/dklb","reportingInstance":"host_uuid",
    "regarding":{"apiVersion":"v1","kind":"Service","namespace":"shop","name":"web","uid":"u1",
                 "resourceVersion":"42"}})"));
}

TEST(EventSeries, TheFirstIsCreatedInTheOldApi) {
  auto events = series_of(event_api::core_v1);
  const auto write = events.record(note_of("no room"), wall, 0ms);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->request.path, "/api/v1/namespaces/shop/events");
  auto body = nlohmann::json::parse(write->request.body);
  EXPECT_EQ(body.at("metadata").at("namespace"), "shop");
  body.erase("metadata");
  EXPECT_EQ(body, json::parse(R"({"apiVersion":"v1","kind":"Event","type":"Warning",
    "reason":"PoolRefused","action":"Provision","message":"no room","count":1,
    "firstTimestamp":"2024-05-01T10:00:00Z","lastTimestamp":"2024-05-01T10:00:00Z",
    "reportingComponent":"kubernetes.dcos.io/dklb","reportingInstance":"host_uuid",
    "source":{"component":"kubernetes.dcos.io/dklb"},
    "involvedObject":{"apiVersion":"v1","kind":"Service","namespace":"shop","name":"web",
                      "uid":"u1","resourceVersion":"42"}})"));
}

TEST(EventSeries, RepeatsAreCounted) {
  const std::pair<event_api, json> table[] = {
    {event_api::events_v1,
     {{"series", {{"count", 3}, {"lastObservedTime", "2024-05-01T10:00:02.001234Z"}}}}},
    {event_api::core_v1, {{"count", 3}, {"lastTimestamp", "2024-05-01T10:00:02Z"}}},
  };
  for (const auto& [api, body] : table) {
    auto events = series_of(api);
    const auto first = events.record(note_of("no room"), wall, 0s);
    events.record(note_of("no room"), wall + 1s, 300s);
    const auto third = events.record(note_of("no room"), wall + 2s, 600s);
    ASSERT_TRUE(first && third);
    EXPECT_EQ(third->key, first->key);
    EXPECT_EQ(third->request.method, "PATCH");
    EXPECT_EQ(third->request.content_type, "application/merge-patch+json");
    EXPECT_EQ(
      third->request.path,
      first->request.path + '/'
        + nlohmann::json::parse(first->request.body).at("metadata").at("name").get<std::string>());
    EXPECT_EQ(nlohmann::json::parse(third->request.body), body);
  }
}

TEST(EventSeries, ARepeatAfterALongPauseIsANewEvent) {
  auto events = series_of(event_api::events_v1);
  const auto first = events.record(note_of("no room"), wall, 0ms);
  const auto second = events.record(note_of("no room"), wall, 6min);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(second->request.method, "POST");
  EXPECT_NE(nlohmann::json::parse(second->request.body).at("metadata"),
            nlohmann::json::parse(first->request.body).at("metadata"))
    << "not even in the same microsecond";
}

TEST(EventSeries, WhateverDiffersIsAnotherEvent) {
  auto events = series_of(event_api::events_v1);
  EXPECT_TRUE(events.record(note_of("no room"), wall, 0ms));
  auto other_type = note_of("no room");
  other_type.type = event_type::normal;
  auto other_reason = note_of("no room");
  other_reason.reason = "PoolCreated";
  for (const auto& other :
       {other_type, other_reason, note_of("no address"), note_of("no room", "u2")})
    EXPECT_EQ(events.record(other, wall, 0ms)->request.method, "POST");
}

TEST(EventSeries, AnEventThatHasExpiredIsCreatedAgain) {
  auto events = series_of(event_api::events_v1);
  const auto first = events.record(note_of("no room"), wall, 0ms);
  events.failed(first->key, {error_code::unavailable, "", {}, 503});
  EXPECT_EQ(events.record(note_of("no room"), wall, 1s)->request.method, "PATCH");
  events.failed(first->key, {error_code::not_found, "", {}, 404});
  EXPECT_EQ(events.record(note_of("no room"), wall, 2s)->request.method, "POST");
  events.failed(12345, {error_code::not_found, "", {}, 404});
}

TEST(EventSeries, TextsAreCutToWhatTheApiTakes) {
  auto events = series_of(event_api::events_v1);
  auto note = note_of(std::string(1020, 'a') + "\xc3\xa4\xc3\xa4\xc3\xa4");
  note.reason = std::string(200, 'R');
  note.action = "";
  const auto body = nlohmann::json::parse(events.record(note, wall, 0ms)->request.body);
  EXPECT_EQ(body.at("note"), std::string(1020, 'a') + "...");
  EXPECT_EQ(body.at("reason"), std::string(125, 'R') + "...");
  EXPECT_EQ(body.at("action"), body.at("reason")) << "the API insists on one";
  EXPECT_EQ(
    nlohmann::json::parse(events.record(note_of(std::string(1024, 'b')), wall, 0ms)->request.body)
      .at("note"),
    std::string(1024, 'b'));
}

TEST(EventSeries, NoTextSteersATerminal) {
  for (const auto api : {event_api::events_v1, event_api::core_v1}) {
    auto events = series_of(api);
    const auto body = nlohmann::json::parse(
      events.record(note_of("x\n2026-01-01 error FORGED\x1b[31m\xc2\x9b\xff"), wall, 0ms)
        ->request.body);
    EXPECT_EQ(body.at(api == event_api::events_v1 ? "note" : "message"),
              "x\\n2026-01-01 error FORGED\\x1b[31m\\u009b\\xff");
  }
}

TEST(EventSeries, EventsOfClusterWideObjectsStandInDefault) {
  auto events = series_of(event_api::events_v1);
  auto note = note_of("x");
  note.about.name_space = "";
  const auto write = events.record(note, wall, 0ms);
  EXPECT_EQ(write->request.path, "/apis/events.k8s.io/v1/namespaces/default/events");
  EXPECT_FALSE(nlohmann::json::parse(write->request.body).at("regarding").contains("namespace"));
}

TEST(EventSeries, ANoisyObjectIsCutShortAndOthersAreNot) {
  auto events = series_of(event_api::events_v1);
  int written = 0;
  for (int i = 0; i < 100; ++i)
    written += events.record(note_of(std::to_string(i)), wall, 0ms) ? 1 : 0;
  EXPECT_EQ(written, 25);
  EXPECT_TRUE(events.record(note_of("x", "u2"), wall, 0ms));
  EXPECT_FALSE(events.record(note_of("x"), wall, 299s));
  EXPECT_TRUE(events.record(note_of("x"), wall, 300s));
  EXPECT_FALSE(events.record(note_of("y"), wall, 300s));
}

TEST(EventSeries, WhatIsRememberedIsBounded) {
  http::kube::event_settings settings;
  settings.most_remembered = 2;
  settings.burst = 1;
  event_series events{settings};
  EXPECT_TRUE(events.record(note_of("x", "u1"), wall, 0ms));
  EXPECT_TRUE(events.record(note_of("x", "u2"), wall, 0ms));
  EXPECT_FALSE(events.record(note_of("x", "u1"), wall, 0ms)) << "u1 is the one used last now";
  EXPECT_TRUE(events.record(note_of("x", "u3"), wall, 0ms));
  EXPECT_FALSE(events.record(note_of("x", "u1"), wall, 0ms));
  EXPECT_TRUE(events.record(note_of("x", "u2"), wall, 0ms)) << "forgotten, so it starts anew";
}

TEST(EventApi, TheServerIsAskedWhichItHas) {
  struct expected {
    api_step answer;
    std::optional<event_api> api;
  };
  const expected table[] = {
    {answer_json(200, {{"kind", "APIResourceList"}}), event_api::events_v1},
    {answer_status(404, "the server could not find the requested resource"), event_api::core_v1},
    {answer_status(500, "broken"), std::nullopt},
  };
  for (const auto& [answer, expected_api] : table) {
    scripted_api api{{answer}, {}};
    http::engine engine;
    http::kube::client client{engine, api.settings()};
    awaited<domain::result<event_api>> found;
    http::kube::find_event_api(client, found.callback());
    const auto outcome = found.get();
    EXPECT_EQ(outcome ? std::optional{*outcome} : std::nullopt, expected_api);
    EXPECT_EQ(api.requests().at(0).path, "/apis/events.k8s.io/v1");
  }
}

} // namespace
} // namespace dklb::tests
