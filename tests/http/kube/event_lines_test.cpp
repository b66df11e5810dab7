// A watch's events, cut wherever the network likes.
#include "http/kube/watch/event_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using http::kube::event_lines;
using testing::ElementsAre;
using testing::IsEmpty;

/// Feeds `pieces` and returns what was handed out.
std::vector<std::string> lines_of(event_lines& lines, const std::vector<std::string>& pieces) {
  std::vector<std::string> told;
  for (const auto& piece : pieces)
    EXPECT_TRUE(lines.feed(piece, [&told](std::string_view line) {
      told.emplace_back(line);
      return true;
    }));
  return told;
}

constexpr const char* first = R"({"type":"ADDED","object":{"a":[1,{"b":"}{][\"\\n"}],"c":{}}})";
constexpr const char* second = R"({"x":"\\\"}"})";

TEST(EventLines, CutAtEveryByteTheyAreTheSame) {
  const std::string stream = std::string{first} + "\n" + second + "\n\r\n \t\n" + first + "\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    event_lines lines;
    EXPECT_THAT(lines_of(lines, {stream.substr(0, cut), stream.substr(cut)}),
                ElementsAre(first, second, first))
      << "cut at byte " << cut;
  }
}

TEST(EventLines, ByteByByteTheyAreTheSame) {
  std::vector<std::string> pieces;
  for (const char byte : std::string{first} + '\n' + second + '\n')
    pieces.emplace_back(1, byte);
  event_lines lines;
  EXPECT_THAT(lines_of(lines, pieces), ElementsAre(first, second));
}

TEST(EventLines, AnEventThatIsNotCompleteIsNeverHandedOut) {
  event_lines lines;
  EXPECT_THAT(lines_of(lines, {std::string{first} + "\n" + R"({"type":"ADDED","obj)"}),
              ElementsAre(first));
}

TEST(EventLines, BlanksAloneAreNothing) {
  event_lines lines;
  EXPECT_THAT(lines_of(lines, {"\n", "  \r\n", ""}), IsEmpty());
}

TEST(EventLines, WhatIsNoObjectIsAnErrorBeforeItsLineIsComplete) {
  for (const char* text : {"<html>", "\"text\"", "[1]", "}", "null", "\n{\"a\":1}\nx"}) {
    event_lines lines;
    const auto outcome = lines.feed(text, [](std::string_view) { return true; });
    ASSERT_FALSE(outcome) << text;
    EXPECT_EQ(outcome.failure().code, domain::error_code::malformed);
  }
}

TEST(EventLines, AnEventAboveTheLimitIsAnErrorBeforeItIsComplete) {
  event_lines lines{16};
  const auto ignore = [](std::string_view) { return true; };
  EXPECT_TRUE(lines.feed(R"({"a":"0123)", ignore));
  EXPECT_FALSE(lines.feed("456789abcdef", ignore));
}

TEST(EventLines, AnEventOfExactlyTheLimitIsHandedOut) {
  event_lines lines{7};
  EXPECT_THAT(lines_of(lines, {"{\"a\":1}\n{\"b\":2}\n"}), ElementsAre(R"({"a":1})", R"({"b":2})"));
}

TEST(EventLines, TheirReaderCanStopThemWithinAPiece) {
  event_lines lines;
  int told = 0;
  EXPECT_TRUE(lines.feed("{}\n{}\n{}\n", [&told](std::string_view) { return ++told < 2; }));
  EXPECT_EQ(told, 2);
}

} // namespace
} // namespace dklb::tests
