// The streams' common part, over a source that the test fills.
#include "actors/introspection/live_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace dklb::actors {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// An event as a browser takes it apart.
struct event {
  std::string type;
  std::string id;
  json data;

  std::set<std::string> changed() const {
    std::set<std::string> out;
    for (const auto& item : data.at("changed"))
      out.insert(item.at("key").get<std::string>());
    return out;
  }
};

/// A client with a thread, as a connection has one. Ends with the object.
class follower final : public http::server::event_sink {
public:
  explicit follower(live_view& view, std::string last_id = {})
    : thread_([this, &view, id = std::move(last_id)] {
        view.serve(*this, id);
        served_ = false;
      }) {}
  follower(const follower&) = delete;
  follower& operator=(const follower&) = delete;
  ~follower() override {
    stuck = false;
    open = false;
    thread_.join();
  }

  bool send(std::string_view piece) override {
    while (stuck)
      std::this_thread::sleep_for(1ms);
    const std::lock_guard lock{mutex_};
    received_.append(piece);
    return !slow;
  }
  bool is_open() const override { return open; }
  bool served() const { return served_; }

  std::vector<event> events() const {
    const std::lock_guard lock{mutex_};
    std::vector<event> out;
    std::size_t begin = 0;
    for (auto end = received_.find("\n\n"); end != std::string::npos;
         begin = end + 2, end = received_.find("\n\n", begin)) {
      event one;
      std::size_t line = begin;
      while (line < end) {
        const auto stop = std::min(received_.find('\n', line), end);
        const auto text = received_.substr(line, stop - line);
        const auto colon = text.find(": ");
        if (text.starts_with("event"))
          one.type = text.substr(colon + 2);
        else if (text.starts_with("id"))
          one.id = text.substr(colon + 2);
        else if (text.starts_with("data"))
          one.data = json::parse(text.substr(colon + 2));
        line = stop + 1;
      }
      if (!one.type.empty() && one.type != "alive")
        out.push_back(std::move(one));
    }
    return out;
  }
  /// The number of events.
  std::size_t count() const {
    const std::lock_guard lock{mutex_};
    std::size_t out = 0;
    for (const std::string_view type : {"event: snapshot\n", "event: change\n"})
      for (auto at = received_.find(type); at != std::string::npos;
           at = received_.find(type, at + 1))
        ++out;
    return out;
  }
  std::string received() const {
    const std::lock_guard lock{mutex_};
    return received_;
  }

  std::atomic<bool> open{true};
  std::atomic<bool> slow{false};  ///< the next piece is not taken in time
  std::atomic<bool> stuck{false}; ///< nothing is taken for now

private:
  mutable std::mutex mutex_;
  std::string received_;
  std::atomic<bool> served_{true};
  std::thread thread_;
};

class LiveView : public ::testing::Test {
protected:
  static bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until)
        return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }
  /// The client has been told this many times.
  static bool told(const follower& client, std::size_t times) {
    return eventually([&] { return client.count() >= times; });
  }
  void set(const std::string& key, int value) {
    const std::lock_guard lock{mutex_};
    items_[key] = value;
  }
  void remove(const std::string& key) {
    const std::lock_guard lock{mutex_};
    items_.erase(key);
  }
  std::optional<live_view::reading> read(bool first) {
    ++readings_;
    firsts_ += first ? 1 : 0;
    if (fails_)
      return std::nullopt;
    const std::lock_guard lock{mutex_};
    live_view::reading out{true, {}};
    for (const auto& [key, value] : items_)
      out.items.push_back({key, json{{"key", key}, {"value", value}}.dump()});
    return out;
  }
  /// Another reading has begun and ended.
  bool read_again() {
    const int before = readings_;
    return eventually([&] { return readings_ > before + 1; });
  }
  std::unique_ptr<live_view> make(std::chrono::milliseconds pause = 2ms,
                                  std::chrono::milliseconds alive = 1h) {
    return std::make_unique<live_view>(
      live_view::source{[this](bool first) { return read(first); }, [this] { ++ends_; }},
      live_view::timing{pause, alive, 2ms});
  }

  std::atomic<int> readings_{0};
  std::atomic<int> firsts_{0};
  std::atomic<int> ends_{0};
  std::atomic<bool> fails_{false};
  std::mutex mutex_;
  std::map<std::string, int> items_;
};

TEST_F(LiveView, SendsTheListAndThenOnlyDifferences) {
  set("a", 1);
  set("b", 1);
  const auto view = make();
  const follower client{*view};
  ASSERT_TRUE(told(client, 1));
  EXPECT_THAT(client.received(), HasSubstr("retry: "));
  set("b", 2);
  ASSERT_TRUE(told(client, 2));
  remove("a");
  ASSERT_TRUE(told(client, 3));
  const auto events = client.events();
  EXPECT_EQ(events[0].type, "snapshot");
  EXPECT_THAT(events[0].changed(), ElementsAre("a", "b"));
  EXPECT_EQ(events[1].type, "change");
  EXPECT_EQ(events[1].data["changed"], json::parse(R"([{"key": "b", "value": 2}])"));
  EXPECT_THAT(events[1].data["removed"], IsEmpty());
  EXPECT_THAT(events[2].data["changed"], IsEmpty());
  EXPECT_EQ(events[2].data["removed"], json::parse(R"(["a"])"));
}

TEST_F(LiveView, AnEmptyListIsToldToo) {
  const auto view = make();
  const follower client{*view};
  ASSERT_TRUE(told(client, 1));
  EXPECT_EQ(client.events()[0].type, "snapshot");
  EXPECT_THAT(client.events()[0].data["changed"], IsEmpty());
}

TEST_F(LiveView, SaysNothingWhereNothingDiffers) {
  set("a", 1);
  const auto view = make();
  const follower client{*view};
  ASSERT_TRUE(told(client, 1));
  ASSERT_TRUE(read_again());
  EXPECT_THAT(client.events(), SizeIs(1));
}

TEST_F(LiveView, ReadsOnceForAllClientsAndOnlyWhileThereIsOne) {
  set("a", 1);
  const auto view = make(1h);
  {
    const follower one{*view};
    ASSERT_TRUE(told(one, 1));
    const follower two{*view};
    ASSERT_TRUE(told(two, 1));
    EXPECT_EQ(two.events()[0].type, "snapshot");
    EXPECT_EQ(readings_, 1);
    EXPECT_EQ(ends_, 0);
  }
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(readings_, 1);
  const follower later{*view};
  ASSERT_TRUE(told(later, 1));
  EXPECT_EQ(readings_, 2);
  EXPECT_EQ(firsts_, 2) << "nothing is kept while nobody looks";
}

TEST_F(LiveView, ASlowClientMissesTheStatesInBetweenAndDelaysNobody) {
  set("a", 0);
  const auto view = make();
  follower slow{*view};
  const follower quick{*view};
  ASSERT_TRUE(told(slow, 1) && told(quick, 1));
  slow.stuck = true;
  for (int value = 1; value <= 20; ++value) {
    set("a", value);
    ASSERT_TRUE(told(quick, static_cast<std::size_t>(value) + 1));
  }
  slow.stuck = false;
  ASSERT_TRUE(eventually([&] {
    const auto last = slow.events().back().data["changed"];
    return !last.empty() && last[0]["value"] == 20;
  }));
  EXPECT_LE(slow.events().size(), 4U);
}

TEST_F(LiveView, AClientThatTakesNothingIsLetGo) {
  set("a", 0);
  const auto view = make();
  follower client{*view};
  ASSERT_TRUE(told(client, 1));
  client.slow = true;
  set("a", 1);
  EXPECT_TRUE(eventually([&] { return !client.served(); }));
}

TEST_F(LiveView, LongListsComeInPiecesAndOnlyTheLastHasAnId) {
  for (int count = 0; count < 1200; ++count)
    set("item " + std::to_string(count), count);
  const auto view = make();
  const follower client{*view};
  ASSERT_TRUE(told(client, 3));
  const auto events = client.events();
  EXPECT_EQ(events[0].type, "snapshot");
  EXPECT_EQ(events[1].type, "change");
  EXPECT_EQ(events[0].id + events[1].id, "");
  EXPECT_NE(events[2].id, "");
  std::set<std::string> all;
  for (const auto& each : events)
    all.merge(each.changed());
  EXPECT_EQ(all.size(), 1200U);
}

TEST_F(LiveView, GoesOnAfterTheLastEventOfAnEarlierStream) {
  set("a", 1);
  set("b", 1);
  const auto view = make();
  const follower stays{*view};
  ASSERT_TRUE(told(stays, 1));
  const auto id = stays.events()[0].id;
  set("b", 2);
  ASSERT_TRUE(told(stays, 2));
  const follower again{*view, id};
  ASSERT_TRUE(told(again, 1));
  EXPECT_EQ(again.events()[0].type, "change");
  EXPECT_THAT(again.events()[0].changed(), ElementsAre("b"));
  for (const std::string foreign : {"1-1", "x", "-", "18446744073709551616-1", id.c_str()}) {
    const follower fresh{*view, foreign + (foreign == id ? "9" : "")};
    ASSERT_TRUE(told(fresh, 1));
    EXPECT_EQ(fresh.events()[0].type, "snapshot") << foreign;
  }
}

TEST_F(LiveView, WhatCannotBeReadStaysAsItWas) {
  set("a", 1);
  const auto view = make();
  const follower client{*view};
  ASSERT_TRUE(told(client, 1));
  fails_ = true;
  remove("a");
  ASSERT_TRUE(read_again());
  EXPECT_THAT(client.events(), SizeIs(1));
  fails_ = false;
  ASSERT_TRUE(told(client, 2));
  EXPECT_EQ(client.events()[1].data["removed"], json::parse(R"(["a"])"));
}

TEST_F(LiveView, ManyRemovalsDoNotPileUp) {
  for (int count = 0; count < 10100; ++count)
    set("item " + std::to_string(count), count);
  const auto view = make();
  follower slow{*view};
  const follower quick{*view};
  constexpr std::size_t pieces = 21; // of 500 items at most
  ASSERT_TRUE(told(quick, pieces) && told(slow, pieces));
  slow.stuck = true;
  {
    const std::lock_guard lock{mutex_};
    items_ = {{"last", 1}};
  }
  ASSERT_TRUE(told(quick, pieces + 1));
  slow.stuck = false;
  // It has missed what is forgotten, so it gets the list anew.
  ASSERT_TRUE(told(slow, pieces + 1));
  const auto last = slow.events().back();
  EXPECT_EQ(last.type, "snapshot");
  EXPECT_THAT(last.changed(), ElementsAre("last"));
}

TEST_F(LiveView, TellsThatItIsAlive) {
  const auto view = make(2ms, 5ms);
  const follower client{*view};
  EXPECT_TRUE(
    eventually([&] { return client.received().find("event: alive") != std::string::npos; }));
}

TEST_F(LiveView, ClientsComeAndGoWhileItemsChange) {
  const auto view = make(1ms);
  for (int round = 0; round < 20; ++round) {
    set("a", round);
    std::vector<std::unique_ptr<follower>> clients;
    for (int count = 0; count < 4; ++count)
      clients.push_back(std::make_unique<follower>(*view));
    for (const auto& each : clients)
      ASSERT_TRUE(told(*each, 1));
  }
  EXPECT_EQ(ends_, 20);
}

} // namespace
} // namespace dklb::actors
