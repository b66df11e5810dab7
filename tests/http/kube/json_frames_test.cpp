// A watch's frames, cut wherever the network likes.
#include "http/kube/watch/json_frames.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using http::kube::json_frames;
using testing::ElementsAre;
using testing::IsEmpty;

/// Feeds `pieces` and returns what was told.
std::vector<std::string> frames_of(json_frames& splitter, const std::vector<std::string>& pieces) {
  std::vector<std::string> told;
  for (const auto& piece : pieces)
    EXPECT_TRUE(splitter.feed(piece, [&told](std::string_view frame) {
      told.emplace_back(frame);
      return true;
    }));
  return told;
}

constexpr const char* first = R"({"type":"ADDED","object":{"a":[1,{"b":"}{][\"\\"}],"c":{}}})";
constexpr const char* second = R"({"x":"\\\"}"})";

TEST(JsonFrames, CutAtEveryByteTheyAreTheSame) {
  const std::string stream = std::string{first} + second + "\n\r\n \t" + first;
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    json_frames splitter;
    EXPECT_THAT(frames_of(splitter, {stream.substr(0, cut), stream.substr(cut)}),
                ElementsAre(first, second, first))
      << "cut at byte " << cut;
  }
}

TEST(JsonFrames, ByteByByteTheyAreTheSame) {
  std::vector<std::string> pieces;
  for (const char byte : std::string{first} + '\n' + second)
    pieces.emplace_back(1, byte);
  json_frames splitter;
  EXPECT_THAT(frames_of(splitter, pieces), ElementsAre(first, second));
}

TEST(JsonFrames, ATruncatedTailIsNeverTold) {
  json_frames splitter;
  EXPECT_THAT(frames_of(splitter, {std::string{first} + R"({"type":"ADDED","obj)"}),
              ElementsAre(first));
  EXPECT_GT(splitter.pending(), 0U);
}

TEST(JsonFrames, BlanksAloneAreNothing) {
  json_frames splitter;
  EXPECT_THAT(frames_of(splitter, {"\n", "  \r\n", ""}), IsEmpty());
  EXPECT_EQ(splitter.pending(), 0U);
}

TEST(JsonFrames, WhatIsNoObjectIsAnError) {
  for (const char* text : {"<html>", "\"text\"", "[1]", "}", "null", "\n{\"a\":1}x"}) {
    json_frames splitter;
    const auto outcome = splitter.feed(text, [](std::string_view) { return true; });
    ASSERT_FALSE(outcome) << text;
    EXPECT_EQ(outcome.failure().code, domain::error_code::malformed);
  }
}

TEST(JsonFrames, AnObjectAboveTheLimitIsAnErrorBeforeItIsComplete) {
  json_frames splitter{16};
  const auto ignore = [](std::string_view) { return true; };
  EXPECT_TRUE(splitter.feed(R"({"a":"0123)", ignore));
  EXPECT_FALSE(splitter.feed("456789abcdef", ignore));
}

TEST(JsonFrames, AnObjectOfExactlyTheLimitIsTold) {
  json_frames splitter{7};
  EXPECT_THAT(frames_of(splitter, {R"({"a":1}{"b":2})"}), ElementsAre(R"({"a":1})", R"({"b":2})"));
}

TEST(JsonFrames, ItsReaderCanStopItWithinAPiece) {
  json_frames splitter;
  int told = 0;
  EXPECT_TRUE(splitter.feed("{}{}{}", [&told](std::string_view) { return ++told < 2; }));
  EXPECT_EQ(told, 2);
}

} // namespace
} // namespace dklb::tests
