// Watch events, Status objects and lists as the API server writes them.
#include "http/kube/watch/watch_event.hpp"

#include "tests/http/kube/json_views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using domain::error_code;
using nlohmann::json;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
namespace kube = http::kube;

TEST(WatchEvent, EachTypeIsRead) {
  const std::pair<const char*, kube::watch_event_type> types[] = {
    {"ADDED", kube::watch_event_type::added},     {"MODIFIED", kube::watch_event_type::modified},
    {"DELETED", kube::watch_event_type::deleted}, {"BOOKMARK", kube::watch_event_type::bookmark},
    {"ERROR", kube::watch_event_type::error},
  };
  for (const auto& [name, type] : types) {
    const auto event = kube::read_watch_event(
      view_of({{"type", name}, {"object", {{"metadata", {{"resourceVersion", "7"}}}}}}));
    ASSERT_TRUE(event) << name;
    EXPECT_EQ(event->type, type);
    EXPECT_EQ(kube::resource_version_of(event->object), "7");
  }
}

TEST(WatchEvent, WhatIsNoneIsMalformed) {
  for (const char* text :
       {"7", "[]", R"({"type":"ADDED"})", R"({"object":{}})", R"({"type":1,"object":{}})",
        R"({"type":"ADDED","object":null})", R"({"type":"MOVED","object":{}})"}) {
    const auto event = kube::read_watch_event(view_of(json::parse(text)));
    ASSERT_FALSE(event) << text;
    EXPECT_EQ(event.failure().code, error_code::malformed);
  }
}

TEST(WatchEvent, AStatusBecomesTheErrorItStandsFor) {
  struct expected {
    json status;
    error_code code;
    std::optional<std::chrono::milliseconds> wait;
  };
  const expected table[] = {
    {{{"code", 410}, {"reason", "Expired"}, {"message", "too old"}}, error_code::gone, {}},
    {{{"code", 429}, {"message", "slow"}, {"details", {{"retryAfterSeconds", 3}}}},
     error_code::throttled,
     std::chrono::seconds{3}},
    {{{"code", 500}, {"message", "etcd is away"}}, error_code::unavailable, {}},
    {{{"message", "no code"}}, error_code::unavailable, {}},
    {{{"code", "text"}, {"message", "odd"}, {"details", 1}}, error_code::unavailable, {}},
  };
  for (const auto& [status, code, wait] : table) {
    const auto failure = kube::error_from_status(view_of(status));
    EXPECT_EQ(failure.code, code) << status;
    EXPECT_EQ(failure.retry_after, wait) << status;
    EXPECT_THAT(failure.message, HasSubstr(status.at("message").get<std::string>()));
  }
}

TEST(WatchEvent, OnlyTheAnnotatedBookmarkEndsTheInitialEvents) {
  const auto bookmark = [](json annotations) {
    return view_of({{"metadata", {{"annotations", std::move(annotations)}}}});
  };
  EXPECT_TRUE(kube::ends_initial_events(bookmark({{"k8s.io/initial-events-end", "true"}})));
  EXPECT_FALSE(kube::ends_initial_events(bookmark({{"k8s.io/initial-events-end", "false"}})));
  EXPECT_FALSE(kube::ends_initial_events(bookmark(nullptr)));
  EXPECT_FALSE(kube::ends_initial_events(view_of(json::object())));
  EXPECT_FALSE(kube::ends_initial_events(view_of({{"metadata", "odd"}})));
}

std::vector<std::string> items_of(const std::string& text,
                                  domain::result<kube::list_metadata>& outcome) {
  std::vector<std::string> items;
  http::kube::json_reader reader;
  outcome = kube::parse_list(reader, text, [&items](http::kube::json_view item) {
    items.push_back(simdjson::minify(item));
  });
  return items;
}

TEST(ListPage, ItemsAreHandedOutInOrderAndTheMetadataIsReturned) {
  domain::result<kube::list_metadata> outcome = domain::error{};
  EXPECT_THAT(items_of(R"({"kind":"ServiceList","metadata":{"resourceVersion":"12",
                            "continue":"next"},"items":[{"a":{"items":[{"x":1}]}},{"b":[]}]})",
                       outcome),
              ElementsAre(R"({"a":{"items":[{"x":1}]}})", R"({"b":[]})"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->resource_version, "12");
  EXPECT_EQ(outcome->continue_token, "next");
}

TEST(ListPage, TheOrderOfItsMembersDoesNotMatter) {
  domain::result<kube::list_metadata> outcome = domain::error{};
  EXPECT_THAT(items_of(R"({"items":[{"a":1}],"metadata":{"resourceVersion":"3"}})", outcome),
              ElementsAre(R"({"a":1})"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->resource_version, "3");
  EXPECT_EQ(outcome->continue_token, "");
}

TEST(ListPage, AnEmptyListMayHaveNullForItems) {
  for (const char* items : {"null", "[]"}) {
    domain::result<kube::list_metadata> outcome = domain::error{};
    EXPECT_TRUE(
      items_of(std::string{R"({"metadata":{"resourceVersion":"3"},"items":)"} + items + "}",
               outcome)
        .empty());
    EXPECT_TRUE(outcome) << items;
  }
}

TEST(ListPage, ItemsThatAreNoObjectsAreHandedOutAsTheyAre) {
  domain::result<kube::list_metadata> outcome = domain::error{};
  EXPECT_THAT(items_of(R"({"metadata":{},"items":[1,null,[2],{"a":1}]})", outcome),
              ElementsAre("1", "null", "[2]", R"({"a":1})"));
  EXPECT_TRUE(outcome);
}

TEST(ListPage, ACutListIsAnErrorWhereverItIsCut) {
  domain::result<kube::list_metadata> outcome = domain::error{};
  const std::string whole = R"({"metadata":{"resourceVersion":"3"},"items":[{"a":"1"},{"b":"2"}]})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    for (const auto& item : items_of(whole.substr(0, length), outcome))
      EXPECT_THAT(item, AnyOf(R"({"a":"1"})", R"({"b":"2"})")) << length;
    ASSERT_FALSE(outcome) << length;
    EXPECT_EQ(outcome.failure().code, error_code::malformed);
  }
}

TEST(ListPage, ItemsBeforeABrokenOneMayHaveBeenHandedOut) {
  domain::result<kube::list_metadata> outcome = domain::error{};
  EXPECT_THAT(items_of(R"({"metadata":{},"items":[{"a":1},{"b":tru},{"c":1}]})", outcome),
              ElementsAre(R"({"a":1})"));
  EXPECT_FALSE(outcome);
}

TEST(ListPage, WhatIsNoListIsAnError) {
  for (const char* text : {"", "<html>", "[]", R"({"kind":"Status"})"}) {
    domain::result<kube::list_metadata> outcome = domain::error{};
    items_of(text, outcome);
    EXPECT_FALSE(outcome) << text;
  }
}

} // namespace
} // namespace dklb::tests
