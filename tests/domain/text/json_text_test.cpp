#include "domain/text/json_text.hpp"

#include "tests/domain/support/plan_generators.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <limits>

namespace dklb::domain::testing {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

TEST(JsonText, IsWhatTheLibraryWouldWrite) {
  const ordered_json values[]{
    nullptr,
    true,
    0,
    -7,
    0.1,
    1.0,
    1e300,
    std::numeric_limits<std::int64_t>::min(),
    std::numeric_limits<std::uint64_t>::max(),
    "",
    "plain",
    "quote \" backslash \\ line\n tab\t null" + std::string(1, '\0'),
    "\x7f",
    "umlaut \xc3\xa4",
    ordered_json::array(),
    ordered_json::object(),
    {{"b", {1, "two", nullptr}}, {"a", {{"\"", {}}}}},
  };
  for (const auto& value : values) {
    EXPECT_EQ(json_text(value), value.dump());
    EXPECT_EQ(json_text(json(value)), json(value).dump());
  }
}

TEST(JsonText, FindsWhatNeedsAnEscapeAtEveryPlace) {
  const std::string codes("\0\1\x1f !\"#[\\]\n~\x7f", 13);
  for (std::size_t length = 0; length < 40; ++length)
    for (std::size_t place = 0; place < length; ++place)
      for (const char code : codes) {
        std::string text(length, 'x');
        text[place] = code;
        EXPECT_EQ(json_text(json(text)), json(text).dump());
      }
}

TEST(JsonText, ReplacesOrRefusesWhatIsNotUtf8) {
  const json value{{"a", "b\xff"}};
  EXPECT_EQ(json_text(value), "{\"a\":\"b\xef\xbf\xbd\"}");
  EXPECT_THROW(json_text(value, not_utf8::refuse), std::exception);
  std::string text = "x";
  append_json(text, "y\xc3");
  EXPECT_EQ(text, "x\"y\xef\xbf\xbd\"");
  EXPECT_THROW(append_json(text, "\xc3", not_utf8::refuse), std::exception);
}

RC_GTEST_PROP(JsonText, ReadsBackAsTheSameDocument, ()) {
  const auto value = *any_json();
  RC_ASSERT(json_text(value) == value.dump());
}

} // namespace
} // namespace dklb::domain::testing
