// JSON that is only read: what is refused, and how values are found.
#include "http/kube/json_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace dklb::tests {
namespace {

using http::kube::json_reader;
using http::kube::text_at;
using http::kube::value_at;

TEST(JsonReader, ValuesAreFoundByTheirPath) {
  json_reader reader;
  const auto root = reader.read(R"({"a": {"b": "text", "n": null, "i": 3}, "c.d/e": "odd"})");
  ASSERT_TRUE(root);
  EXPECT_EQ(text_at(*root, {"a", "b"}), "text");
  EXPECT_EQ(text_at(*root, {"c.d/e"}), "odd");
  EXPECT_TRUE(value_at(*root, {"a", "n"})->is_null());
  EXPECT_EQ(text_at(*root, {"a", "n"}), "");
  EXPECT_EQ(text_at(*root, {"a", "i"}), "");
  EXPECT_FALSE(value_at(*root, {"a", "x"}));
  EXPECT_FALSE(value_at(*root, {"a", "b", "below a text"}));
  EXPECT_TRUE(value_at(*root, {})->is_object());
}

TEST(JsonReader, WhatIsNotOneValueOfJsonIsRefused) {
  json_reader reader;
  for (const std::string text : {"", " ", "{", "{}{}", "{\"a\": \"\xff\"}", "name: web", "[1,]"}) {
    const auto root = reader.read(text);
    ASSERT_FALSE(root) << text;
    EXPECT_EQ(root.failure().code, domain::error_code::malformed);
    EXPECT_EQ(root.failure().message, "not JSON");
  }
  EXPECT_TRUE(reader.read("{}"));
}

TEST(JsonReader, BracketsMayNestAsDeepAsIsAllowedAndNoDeeper) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  json_reader reader{50};
  EXPECT_TRUE(reader.read(nested(49)));
  const auto deep = reader.read(nested(51));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.failure().message, "nested too deeply");
  EXPECT_TRUE(json_reader{}.read(nested(500)));
}

TEST(JsonReader, ALargeTextBetweenSmallOnesIsReadAsTheyAre) {
  json_reader reader{50};
  const auto large = R"({"a": ")" + std::string(1U << 20U, 'x') + R"("})";
  for (const auto* text : {R"({"a": "1"})", large.c_str(), R"({"a": "1"})", R"({"a": "12"})"}) {
    const auto root = reader.read(text);
    ASSERT_TRUE(root);
    EXPECT_EQ(text_at(*root, {"a"}).size(), std::string{text}.size() - 9);
  }
  EXPECT_FALSE(reader.read(std::string(60, '['))) << "the depth still holds";
}

} // namespace
} // namespace dklb::tests
