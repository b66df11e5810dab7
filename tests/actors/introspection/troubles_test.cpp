// What fails is told once, shown while it lasts, and told to be over.
#include "actors/introspection/troubles.hpp"

#include <spdlog/sinks/ostream_sink.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace dklb::actors {
namespace {

using ::testing::ElementsAre;

class Troubles : public ::testing::Test {
protected:
  std::vector<std::string> logged() const {
    std::vector<std::string> lines;
    std::istringstream in{text_.str()};
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }

  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> log_ = [this] {
    auto out = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(text_));
    out->set_pattern("%l %v");
    return out;
  }();
  trouble_board board{log_};
};

TEST_F(Troubles, ARepeatedOneIsLoggedOnceAndThenItsEnd) {
  for (int i = 0; i < 3; ++i)
    board.failing("lease", "refused");
  EXPECT_THAT(board.list(), ElementsAre(trouble{"lease", "refused"}));
  board.works("lease");
  board.works("lease");
  EXPECT_TRUE(board.list().empty());
  EXPECT_THAT(logged(), ElementsAre("warning lease: refused", "info lease: works again"));
}

TEST_F(Troubles, AnotherCauseIsNews) {
  board.failing("lease", "refused");
  board.failing("lease", "timed out");
  EXPECT_THAT(board.list(), ElementsAre(trouble{"lease", "timed out"}));
  EXPECT_THAT(logged(), ElementsAre("warning lease: refused", "warning lease: timed out"));
}

TEST_F(Troubles, WhatManySourcesHaveIsOneUntilTheLastIsRidOfIt) {
  board.denied("edgelb", "no token");
  board.denied("pool a", "no token");
  board.denied("pool b", "no token");
  EXPECT_THAT(board.list(), ElementsAre(trouble{"edgelb", "no token"}));
  board.works("edgelb");
  board.works("pool a");
  EXPECT_THAT(board.list(), ElementsAre(trouble{"pool b", "no token"}));
  board.works("pool b");
  EXPECT_THAT(logged(), ElementsAre("warning edgelb: no token", "info pool b: works again"));
}

TEST_F(Troubles, OnlyANewDenialIsToldToTheListener) {
  std::vector<trouble> told;
  board.listen([&](const trouble& what) { told.push_back(what); });
  board.failing("lease", "refused");
  board.denied("list services", "cannot list");
  board.denied("list services", "cannot list");
  EXPECT_THAT(told, ElementsAre(trouble{"list services", "cannot list"}));
  board.listen({});
  board.denied("nodes", "cannot watch");
  EXPECT_EQ(told.size(), 1U);
}

TEST(WatchAges, ShowsThoseThatAreThere) {
  watch_ages ages;
  ages.add("services", [] { return std::chrono::milliseconds{1500}; });
  ages.add("nodes", [] { return std::chrono::milliseconds{1}; });
  ages.remove("nodes");
  EXPECT_THAT(ages.list(),
              ElementsAre(std::pair{std::string{"services"}, std::chrono::milliseconds{1500}}));
}

} // namespace
} // namespace dklb::actors
