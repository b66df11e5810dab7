// The reflector against a server that does what each rule is about (docs/kubernetes.md, "List and
// watch").
#include "http/kube/watch/reflector.hpp"

#include "tests/http/kube/scripted_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>

namespace dklb::tests {
namespace {

using namespace std::chrono_literals;
using http::kube::reflector_settings;
using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

/// `name uid version`, or what of it is there.
std::string describe(http::kube::json_view object) {
  const auto text = [object](const char* member) {
    return http::kube::text_at(object, {"metadata", member});
  };
  const auto version = text("resourceVersion");
  return text("name") + ' ' + text("uid") + (version.empty() ? "" : " at " + version);
}

std::string describe(const http::kube::object_identity& object) {
  return object.name + ' ' + object.uid;
}

class ReflectorTest : public testing::Test {
protected:
  ReflectorTest() {
    settings.path = "/api/v1/services";
    settings.backoff_base = 1ms;
  }
  ~ReflectorTest() override { engine.stop(0ms); }

  void start(const scripted_api& api) {
    client = std::make_shared<http::kube::client>(engine, api.settings());
    http::kube::reflector_handler handler;
    handler.on_object = [this](auto object) { note("seen " + describe(object)); };
    handler.on_deleted = [this](const auto& object) { note("deleted " + describe(object)); };
    handler.on_synced = [this] { note("synced"); };
    handler.on_trouble = [this](const domain::error& failure, std::chrono::milliseconds) {
      note(std::string{"trouble "} + to_string(failure.code));
    };
    handler.on_malformed = [this](const domain::error&) { note("malformed"); };
    reflector = std::make_unique<http::kube::reflector>(client, settings, handler);
    reflector->start();
  }

  void note(const std::string& what) {
    const std::lock_guard lock(mutex);
    told.push_back(what);
    if (on_note)
      on_note(what);
  }

  std::vector<std::string> told_so_far() {
    const std::lock_guard lock(mutex);
    return told;
  }

  /// What was told, once that is `count` things.
  std::vector<std::string> first(std::size_t count) {
    EXPECT_TRUE(eventually([&] { return told_so_far().size() >= count; }))
      << "told only " << told_so_far().size();
    auto all = told_so_far();
    all.resize(std::min(all.size(), count));
    return all;
  }

  /// A round trip through the engine and the server: whatever the reflector would have done at once
  /// has been done.
  void settle() {
    http::kube::call what;
    what.path = "/version";
    awaited<domain::result<std::string>> answer;
    client->request_text(what, answer.callback());
    (void)answer.get();
  }

  static bool wait_for_watches(const scripted_api& api, std::size_t count) {
    return eventually([&] { return api.watches().size() >= count; });
  }

  http::engine engine;
  reflector_settings settings;
  std::mutex mutex;
  std::vector<std::string> told;
  std::function<void(const std::string&)> on_note;
  std::shared_ptr<http::kube::client> client;
  std::unique_ptr<http::kube::reflector> reflector;
};

const json one = object_of("one", "u1", "5");
const json two = object_of("two", "u2", "6");

TEST_F(ReflectorTest, TheFirstListIsPagedAndThenWatched) {
  settings.label_selector = "a in (b,c)";
  settings.field_selector = "metadata.name=x";
  scripted_api api{{answer_list("10", {one}, "more+"), answer_list("10", {two})},
                   {answer_watch({event_text("ADDED", object_of("three", "u3", "11")),
                                  event_text("MODIFIED", object_of("one", "u1", "12")),
                                  event_text("DELETED", object_of("two", "u2", "13"))},
                                 watch_end::hang)}};
  start(api);
  EXPECT_THAT(first(6), ElementsAre("seen one u1 at 5", "seen two u2 at 6", "synced",
                                    "seen three u3 at 11", "seen one u1 at 12", "deleted two u2"));
  using query = std::map<std::string, std::string>;
  const query selectors{{"labelSelector", "a%20in%20%28b%2Cc%29"},
                        {"fieldSelector", "metadata.name%3Dx"}};
  query page_one{{"limit", "500"}, {"resourceVersion", "0"}};
  page_one.insert(selectors.begin(), selectors.end());
  query page_two{{"limit", "500"}, {"continue", "more%2B"}};
  page_two.insert(selectors.begin(), selectors.end());
  EXPECT_EQ(api.calls().at(0).query, page_one);
  EXPECT_EQ(api.calls().at(1).query, page_two);

  auto watch = api.watches().at(0).query;
  const auto timeout = std::stoi(watch.at("timeoutSeconds"));
  EXPECT_GE(timeout, 300);
  EXPECT_LE(timeout, 600);
  watch.erase("timeoutSeconds");
  query expected{{"watch", "true"}, {"allowWatchBookmarks", "true"}, {"resourceVersion", "10"}};
  expected.insert(selectors.begin(), selectors.end());
  EXPECT_EQ(watch, expected);
}

TEST_F(ReflectorTest, AnExpiredContinueTokenLeadsToOneUnlimitedList) {
  scripted_api api{{answer_list("10", {one}, "token"), answer_status(410, "expired"),
                    answer_list("11", {one, two})},
                   {}};
  start(api);
  EXPECT_THAT(first(5), ElementsAre("seen one u1 at 5", "trouble gone", "seen one u1 at 5",
                                    "seen two u2 at 6", "synced"));
  const auto retried = api.calls().at(2).query;
  EXPECT_EQ(retried, (std::map<std::string, std::string>{{"resourceVersion", "0"}}));
}

TEST_F(ReflectorTest, AVersionTheServerHasNotReachedIsLeftOutAtOnce) {
  settings.backoff_base = 1h;
  scripted_api api{{answer_status(504, "Timeout: Too large resource version: 12, current: 7",
                                  "Retry-After: 60\r\n"),
                    answer_list("7", {one})},
                   {}};
  start(api);
  EXPECT_THAT(first(3), ElementsAre("trouble unavailable", "seen one u1 at 5", "synced"));
  EXPECT_FALSE(api.calls().at(1).query.contains("resourceVersion"));
}

TEST_F(ReflectorTest, AFailedListIsBegunAgainAfterABackOff) {
  scripted_api api{{answer_reset(), answer_status(500, "etcd is away"), answer_list("7", {one})},
                   {}};
  start(api);
  EXPECT_THAT(first(4), ElementsAre("trouble transport", "trouble unavailable", "seen one u1 at 5",
                                    "synced"));
}

TEST_F(ReflectorTest, AListThatIsCutInTheMiddleIsNotComplete) {
  const auto text = json{{"metadata", {{"resourceVersion", "7"}}}, {"items", {one, two}}}.dump();
  // "items" stands before "metadata" in the text: what is cut off is the end of the list.
  scripted_api api{{[&text](const api_request&, raw_connection& connection) {
                      connection.reply(200, text.substr(0, text.find("\"two\"")));
                    },
                    answer_list("8", {two})},
                   {}};
  start(api);
  EXPECT_THAT(first(3), ElementsAre("trouble malformed", "seen two u2 at 6", "synced"));
}

TEST_F(ReflectorTest, AnObjectWhoseHandlerThrowsIsLeftOutAndTheListGoesOn) {
  on_note = [](const std::string& what) {
    if (what.starts_with("seen one"))
      throw std::runtime_error{"cannot be handled"};
  };
  scripted_api api{{answer_list("10", {one, two})}, {}};
  start(api);
  EXPECT_THAT(first(4), ElementsAre("seen one u1 at 5", "malformed", "seen two u2 at 6", "synced"));
}

TEST_F(ReflectorTest, AListThatIsBrokenInTheMiddleIsNotComplete) {
  auto text = json{{"metadata", {{"resourceVersion", "7"}}}, {"items", {one, two}}}.dump();
  text.replace(text.find("\"two\""), 5, "two");
  scripted_api api{
    {[&text](const api_request&, raw_connection& connection) { connection.reply(200, text); },
     answer_list("8", {two})},
    {}};
  start(api);
  EXPECT_THAT(first(5), ElementsAre("seen one u1 at 5", "trouble malformed", "seen two u2 at 6",
                                    "deleted one u1", "synced"));
}

TEST_F(ReflectorTest, AnExpiredWatchRelistsAndTellsWhatIsMissingBeforeItIsSynced) {
  scripted_api api{{answer_list("10", {one, two}), answer_list("20", {two})},
                   {answer_watch({event_text("MODIFIED", object_of("two", "u2", "12")),
                                  event_text("ERROR", status_object(410, "too old"))},
                                 watch_end::hang)}};
  start(api);
  EXPECT_THAT(first(8),
              ElementsAre("seen one u1 at 5", "seen two u2 at 6", "synced", "seen two u2 at 12",
                          "trouble gone", "seen two u2 at 6", "deleted one u1", "synced"));
  EXPECT_EQ(api.calls().at(1).query,
            (std::map<std::string, std::string>{{"resourceVersion", "12"}}))
    << "not older than what is known, and without a limit";
  EXPECT_TRUE(wait_for_watches(api, 2));
  EXPECT_EQ(api.watches().at(1).query.at("resourceVersion"), "20");
}

TEST_F(ReflectorTest, ARefusedWatchRelistsUnlessItCameTooEarly) {
  struct expected {
    api_step refusal;
    const char* trouble;
    std::size_t lists;
  };
  const expected table[] = {
    {answer_status(410, "too old"), "trouble gone", 2},
    {answer_status(403, "no"), "trouble forbidden", 2},
    {answer_status(500, "broken"), "trouble unavailable", 2},
    {answer_status(429, "slow"), "trouble throttled", 1},
    {answer_reset(), "trouble transport", 1},
  };
  for (const auto& [refusal, trouble, lists] : table) {
    told.clear();
    scripted_api api{{answer_list("10", {}), answer_list("11", {})},
                     {refusal, answer_watch({}, watch_end::hang)}};
    start(api);
    EXPECT_TRUE(wait_for_watches(api, 2)) << trouble;
    EXPECT_THAT(first(2), ElementsAre("synced", trouble));
    EXPECT_EQ(api.calls().size(), lists) << trouble;
    reflector.reset();
  }
}

TEST_F(ReflectorTest, AnErrorEventOf429WatchesOn) {
  scripted_api api{
    {answer_list("10", {})},
    {answer_watch({bookmark_text("15"), event_text("ERROR", status_object(429, "slow"))},
                  watch_end::close)}};
  start(api);
  EXPECT_TRUE(wait_for_watches(api, 2));
  EXPECT_EQ(api.watches().at(1).query.at("resourceVersion"), "15");
  EXPECT_EQ(api.calls().size(), 1U);
}

TEST_F(ReflectorTest, ACleanCloseWatchesAgainFromTheLastBookmarkOrEvent) {
  settings.backoff_base = 1h;
  scripted_api api{
    {answer_list("10", {one})},
    {answer_watch({bookmark_text("50")}, watch_end::close),
     answer_watch({event_text("MODIFIED", object_of("one", "u1", "60"))}, watch_end::close)}};
  start(api);
  EXPECT_TRUE(wait_for_watches(api, 3));
  EXPECT_EQ(api.watches().at(1).query.at("resourceVersion"), "50");
  EXPECT_EQ(api.watches().at(2).query.at("resourceVersion"), "60");
  EXPECT_THAT(told_so_far(), ElementsAre("seen one u1 at 5", "synced", "seen one u1 at 60"));
}

TEST_F(ReflectorTest, AConnectionThatIsCutWatchesAgainAndNoHalfEventIsTold) {
  const auto event = event_text("MODIFIED", object_of("one", "u1", "60"));
  scripted_api api{
    {answer_list("10", {one})},
    {answer_watch({event.substr(0, 9), event.substr(9, 30), event.substr(39), event.substr(0, 40)},
                  watch_end::cut)}};
  start(api);
  EXPECT_TRUE(wait_for_watches(api, 2));
  EXPECT_EQ(api.watches().at(1).query.at("resourceVersion"), "60");
  EXPECT_EQ(api.calls().size(), 1U);
  EXPECT_THAT(told_so_far(), ElementsAre("seen one u1 at 5", "synced", "seen one u1 at 60",
                                         "trouble unavailable"));
}

TEST_F(ReflectorTest, AWatchThatEndsAtOnceWithoutAnEventIsAnError) {
  scripted_api api{{answer_list("10", {}), answer_list("11", {})},
                   {answer_watch({}, watch_end::close)}};
  start(api);
  EXPECT_THAT(first(3), ElementsAre("synced", "trouble unavailable", "synced"));
}

TEST_F(ReflectorTest, ASilentStreamIsFoundOut) {
  settings.watch_timeout_min = settings.watch_timeout_max = 0s;
  settings.watch_grace = 2s; // in which the bookmark comes, also on a busy machine
  scripted_api api{{answer_list("10", {})}, {answer_watch({bookmark_text("15")}, watch_end::hang)}};
  start(api);
  EXPECT_TRUE(wait_for_watches(api, 2));
  EXPECT_EQ(api.watches().at(1).query.at("resourceVersion"), "15");
  EXPECT_THAT(first(2), ElementsAre("synced", "trouble timeout"));
}

TEST_F(ReflectorTest, ARecreatedObjectIsDeletedFirst) {
  scripted_api api{{answer_list("10", {one}), answer_list("20", {object_of("one", "u9", "19")})},
                   {answer_watch({event_text("MODIFIED", object_of("one", "u8", "11")),
                                  event_text("DELETED", object_of("one", "u1", "12")),
                                  event_text("ERROR", status_object(410, "too old"))},
                                 watch_end::close)}};
  start(api);
  EXPECT_THAT(first(8),
              ElementsAre("seen one u1 at 5", "synced", "deleted one u1", "seen one u8 at 11",
                          "trouble gone", "deleted one u8", "seen one u9 at 19", "synced"));
}

TEST_F(ReflectorTest, WhatIsMalformedIsLeftOutAndNothingElse) {
  scripted_api api{{answer_list("10", {json::object(), one, json(7)})},
                   {answer_watch({event_text("SHOUTED", one), event_text("ADDED", json::object()),
                                  event_text("ADDED", two)},
                                 watch_end::hang)}};
  start(api);
  EXPECT_THAT(first(7), ElementsAre("malformed", "seen one u1 at 5", "malformed", "synced",
                                    "malformed", "malformed", "seen two u2 at 6"));
}

TEST_F(ReflectorTest, EventsAreToldHoweverTheirLinesAreCut) {
  const auto event = [](const char* version) {
    return event_text("MODIFIED", object_of("one", "u1", version));
  };
  const auto line = event("11");
  ASSERT_EQ(line.back(), '\n');
  scripted_api api{{answer_list("10", {one})},
                   {answer_watch({line + event("12"), "\n" + event("13"), "\n \n",
                                  event("14") + event("15").substr(0, 9), event("15").substr(9),
                                  "{\"type\":\"SHOUTED\",\"object\":{}}\n" + event("16")},
                                 watch_end::hang)}};
  start(api);
  std::vector<std::string> expected{"seen one u1 at 5", "synced"};
  for (int version = 11; version <= 15; ++version)
    expected.push_back("seen one u1 at " + std::to_string(version));
  expected.emplace_back("malformed");
  expected.emplace_back("seen one u1 at 16");
  EXPECT_EQ(first(expected.size()), expected);
}

TEST_F(ReflectorTest, AStreamThatIsNoneRelists) {
  scripted_api api{{answer_list("10", {}), answer_list("11", {})},
                   {answer_watch({"<html>the proxy is sorry</html>"}, watch_end::hang)}};
  start(api);
  EXPECT_THAT(first(3), ElementsAre("synced", "trouble malformed", "synced"));
}

TEST_F(ReflectorTest, ALineThatIsNotOneEventRelists) {
  auto both = event_text("MODIFIED", object_of("one", "u1", "11"));
  both.pop_back();
  both += event_text("MODIFIED", object_of("two", "u2", "12"));
  scripted_api api{{answer_list("10", {one}), answer_list("12", {two})},
                   {answer_watch({both}, watch_end::hang)}};
  start(api);
  EXPECT_THAT(first(6), ElementsAre("seen one u1 at 5", "synced", "trouble malformed",
                                    "seen two u2 at 6", "deleted one u1", "synced"));
}

TEST_F(ReflectorTest, TheNextPageWaitsUntilTheOwnerHasCaughtUp) {
  settings.high_water = [] { return std::size_t{2}; };
  scripted_api api{
    {answer_list("10", {one, two}, "token"), answer_status(500, "settled"), answer_list("10", {})},
    {}};
  start(api);
  first(2);
  settle();
  EXPECT_EQ(api.calls().size(), 2U) << "the page and the round trip, no second page";
  reflector->release(2);
  EXPECT_THAT(first(3), ElementsAre("seen one u1 at 5", "seen two u2 at 6", "synced"));
}

TEST_F(ReflectorTest, TheWatchIsPausedUntilTheOwnerHasCaughtUp) {
  settings.high_water = [] { return std::size_t{2}; };
  gate told_two;
  gate sent_more;
  scripted_api api{{answer_list("10", {}), answer_status(500, "settled")},
                   {[&](const api_request&, raw_connection& connection) {
                     write_watch_head(connection);
                     write_chunk(connection, event_text("ADDED", one) + event_text("ADDED", two));
                     told_two.wait();
                     write_chunk(connection, event_text("ADDED", object_of("three", "u3", "7")));
                     sent_more.open();
                     connection.wait_for_end();
                   }}};
  start(api);
  first(3);
  told_two.open();
  EXPECT_TRUE(sent_more.wait());
  settle();
  EXPECT_EQ(told_so_far().size(), 3U);
  reflector->release(1);
  EXPECT_EQ(first(4).back(), "seen three u3 at 7");
}

TEST_F(ReflectorTest, ARaisedHighWaterLetsThePausedWatchGoOn) {
  const auto most = std::make_shared<std::atomic<std::size_t>>(2);
  settings.high_water = [most] { return most->load(); };
  scripted_api api{
    {answer_list("10", {one, two}, "token"), answer_status(500, "settled"), answer_list("10", {})},
    {}};
  start(api);
  first(2);
  settle();
  *most = 10;
  reflector->release(0);
  EXPECT_THAT(first(3), ElementsAre("seen one u1 at 5", "seen two u2 at 6", "synced"));
}

TEST_F(ReflectorTest, NothingIsToldAfterStopReturned) {
  scripted_api api{{answer_list("10", {one}), answer_status(500, "settled")},
                   {[](const api_request&, raw_connection& connection) {
                     write_watch_head(connection);
                     for (int i = 0; i < 200; ++i)
                       write_chunk(connection,
                                   event_text("MODIFIED", object_of("one", "u1", "11")));
                     connection.wait_for_end();
                   }}};
  start(api);
  first(10);
  reflector->stop();
  const auto count = told_so_far().size();
  settle();
  EXPECT_EQ(told_so_far().size(), count);
}

TEST_F(ReflectorTest, ItMayBeStoppedByItsOwnHandler) {
  on_note = [this](const std::string& what) {
    if (what == "seen one u1 at 5")
      reflector->stop();
  };
  scripted_api api{{answer_list("10", {one, two}), answer_status(500, "settled")}, {}};
  start(api);
  first(1);
  settle();
  EXPECT_THAT(told_so_far(), ElementsAre("seen one u1 at 5"));
  EXPECT_THAT(api.watches(), IsEmpty());
}

TEST_F(ReflectorTest, StalenessIsTheTimeSinceAnythingWasHeard) {
  scripted_api api{{answer_list("10", {})}, {}};
  start(api);
  EXPECT_TRUE(wait_for_watches(api, 1));
  EXPECT_TRUE(eventually([this] { return reflector->staleness() > 20ms; }));
  EXPECT_LT(reflector->staleness(), std::chrono::milliseconds{patience});
}

TEST_F(ReflectorTest, AStreamingListIsSyncedByItsLastBookmark) {
  settings.streaming_list = true;
  scripted_api api{
    {},
    {answer_watch({event_text("ADDED", one), bookmark_text("7"), event_text("ADDED", two),
                   bookmark_text("10", true), event_text("MODIFIED", object_of("one", "u1", "11"))},
                  watch_end::close)}};
  start(api);
  EXPECT_TRUE(wait_for_watches(api, 2));
  EXPECT_THAT(told_so_far(),
              ElementsAre("seen one u1 at 5", "seen two u2 at 6", "synced", "seen one u1 at 11"));
  const auto stream = api.watches().at(0).query;
  EXPECT_EQ(stream.at("sendInitialEvents"), "true");
  EXPECT_EQ(stream.at("resourceVersionMatch"), "NotOlderThan");
  EXPECT_FALSE(stream.contains("resourceVersion"));
  const auto watch = api.watches().at(1).query;
  EXPECT_FALSE(watch.contains("sendInitialEvents"));
  EXPECT_EQ(watch.at("resourceVersion"), "11");
  EXPECT_THAT(api.calls(), IsEmpty());
}

TEST_F(ReflectorTest, AnotherStreamingListTellsWhatIsMissing) {
  settings.streaming_list = true;
  scripted_api api{
    {},
    {answer_watch({event_text("ADDED", one), event_text("ADDED", two), bookmark_text("10", true),
                   event_text("ERROR", status_object(410, "too old"))},
                  watch_end::close),
     answer_watch({event_text("ADDED", two), bookmark_text("20", true)}, watch_end::hang)}};
  start(api);
  EXPECT_THAT(first(7),
              ElementsAre("seen one u1 at 5", "seen two u2 at 6", "synced", "trouble gone",
                          "seen two u2 at 6", "deleted one u1", "synced"));
}

TEST_F(ReflectorTest, AServerWithoutStreamingListsIsListed) {
  settings.streaming_list = true;
  settings.backoff_base = 1h;
  scripted_api api{{answer_list("10", {one})}, {answer_status(422, "forbidden for watch")}};
  start(api);
  EXPECT_THAT(first(2), ElementsAre("seen one u1 at 5", "synced"));
  EXPECT_TRUE(wait_for_watches(api, 2));
  EXPECT_FALSE(api.watches().at(1).query.contains("sendInitialEvents"));
}

} // namespace
} // namespace dklb::tests
