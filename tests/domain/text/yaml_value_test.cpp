#include "domain/text/yaml_value.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

using namespace dklb::domain;

namespace {

/// The value of `a` in a text of one key.
yaml_node value_node(const std::string& value) {
  auto document = read_yaml("a: " + value + "\n");
  EXPECT_TRUE(document.mistakes.empty()) << value;
  return document.root.children.at(0);
}

template <class T>
std::string refusal(const std::string& value) {
  T target{};
  return read_value(value_node(value), target).value_or("accepted");
}

struct refusal_case {
  const char* value;
  const char* as_string;
  const char* as_bool;
  const char* as_integer;
  const char* as_number;
};

/// "accepted", or what the mistake says.
const refusal_case refusal_cases[]{
  {"abc", "accepted", "expected true or false, found the text abc",
   "expected a whole number, found the text abc", "expected a number, found the text abc"},
  {"\"5\"", "accepted", "expected true or false, found the text \"5\"",
   "expected a whole number, found the text \"5\"", "expected a number, found the text \"5\""},
  {"5", "expected a string, found 5; put it in quotes", "expected true or false, found 5",
   "accepted", "accepted"},
  {"-5", "expected a string, found -5; put it in quotes", "expected true or false, found -5",
   "accepted", "accepted"},
  {"+5", "expected a string, found +5; put it in quotes", "expected true or false, found +5",
   "accepted", "accepted"},
  {"0.5", "expected a string, found 0.5; put it in quotes", "expected true or false, found 0.5",
   "expected a whole number, found 0.5", "accepted"},
  {".5", "expected a string, found .5; put it in quotes", "expected true or false, found .5",
   "expected a whole number, found .5", "accepted"},
  {"1e3", "expected a string, found 1e3; put it in quotes", "expected true or false, found 1e3",
   "expected a whole number, found 1e3", "accepted"},
  {"true", "expected a string, found true; put it in quotes", "accepted",
   "expected a whole number, found true", "expected a number, found true"},
  {"False", "expected a string, found False; put it in quotes", "accepted",
   "expected a whole number, found False", "expected a number, found False"},
  {"yes", "accepted", "expected true or false, found the text \"yes\"",
   "expected a whole number, found the text \"yes\"", "expected a number, found the text \"yes\""},
  {"99999999999999999999", "expected a string, found 99999999999999999999; put it in quotes",
   "expected true or false, found 99999999999999999999", "99999999999999999999 is too large",
   "accepted"},
  {".inf", "accepted", "expected true or false, found the text \".inf\"",
   "expected a whole number, found the text \".inf\"",
   "expected a number, found the text \".inf\""},
  {"inf", "accepted", "expected true or false, found the text inf",
   "expected a whole number, found the text inf", "expected a number, found the text inf"},
  {"[a]", "expected a string, found a list", "expected true or false, found a list",
   "expected a whole number, found a list", "expected a number, found a list"},
  {"{a: b}", "expected a string, found a mapping", "expected true or false, found a mapping",
   "expected a whole number, found a mapping", "expected a number, found a mapping"},
  {"~", "expected a string, found nothing", "expected true or false, found nothing",
   "expected a whole number, found nothing", "expected a number, found nothing"},
};

TEST(YamlValue, IsReadOnlyAsItsOwnType) {
  for (const auto& row : refusal_cases) {
    EXPECT_EQ(refusal<std::string>(row.value), row.as_string) << row.value;
    EXPECT_EQ(refusal<bool>(row.value), row.as_bool) << row.value;
    EXPECT_EQ(refusal<std::int64_t>(row.value), row.as_integer) << row.value;
    EXPECT_EQ(refusal<double>(row.value), row.as_number) << row.value;
  }
}

TEST(YamlValue, NeverTakesALeadingZeroForOctalOrDecimal) {
  EXPECT_NE(refusal<std::int64_t>("010"), "accepted");
}

TEST(YamlValue, CutsALongTextBetweenCharacters) {
  std::string euros;
  for (int count = 0; count < 30; ++count)
    euros += "\xe2\x82\xac";
  std::string expected;
  for (int count = 0; count < 13; ++count)
    expected += "\xe2\x82\xac";
  EXPECT_EQ(refusal<bool>(euros), "expected true or false, found the text \"" + expected + "...\"");
}

struct scalar_case {
  std::string text;
  const char* yaml;
};

TEST(YamlValue, WritesPlainOnlyWhatEveryReaderTakesForAString) {
  const scalar_case cases[]{
    {"dklb-redis", "dklb-redis"},
    {"dev/kubernetes01", "dev/kubernetes01"},
    {"", "\"\""},
    {"*", "\"*\""},
    {"5", "\"5\""},
    {"1e3", "\"1e3\""},
    {"true", "\"true\""},
    {"No", "\"No\""},
    {"null", "\"null\""},
    {"~", "\"~\""},
    {"a: b", "\"a: b\""},
    {"say \"hi\" \\ there", R"("say \"hi\" \\ there")"},
    {"\xc2\x85\xe2\x80\xa8", R"("\x85\u2028")"},
    {"\xef\xbb\xbf\xef\xbf\xbf", R"("\uFEFF\uFFFF")"},
    {"\xc3\xa9", "\"\xc3\xa9\""},
    {"two\nlines\tand\x01", R"("two\nlines\tand\x01")"},
  };
  for (const auto& row : cases)
    EXPECT_EQ(yaml_scalar(row.text), row.yaml);
}

RC_GTEST_PROP(YamlValueProperty, AWrittenStringReadsBack, ()) {
  std::string text;
  for (const auto part : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 136))) {
    // ASCII with the control characters, and a few characters of more bytes.
    constexpr const char* wide[]{"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                 "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf",
                                 "\xc2\xa0", "\xef\xbf\xbd"};
    if (part < 128)
      text += static_cast<char>(part);
    else
      text += wide[part - 128];
  }
  std::string read;
  const auto node = value_node(yaml_scalar(text));
  RC_ASSERT(!read_value(node, read));
  RC_ASSERT(read == text);
}

RC_GTEST_PROP(YamlValueProperty, AWrittenNumberReadsBack, (double number)) {
  RC_PRE(std::isfinite(number));
  double read = 0;
  RC_ASSERT(!read_value(value_node(yaml_scalar(number)), read));
  RC_ASSERT(read == number);
}

} // namespace
