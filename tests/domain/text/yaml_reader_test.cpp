#include "domain/text/yaml_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace dklb::domain;

namespace {

struct mistake_case {
  const char* name;
  std::string text;
  int line;
  const char* key;
  const char* what;
};

void PrintTo(const mistake_case& row, std::ostream* stream) {
  *stream << row.name;
}

class YamlMistake : public testing::TestWithParam<mistake_case> {};

TEST_P(YamlMistake, IsReportedWithItsLineAndKey) {
  const auto document = read_yaml(GetParam().text);
  ASSERT_FALSE(document.mistakes.empty());
  const auto& first = document.mistakes.front();
  EXPECT_EQ(first.line, GetParam().line);
  EXPECT_EQ(first.key, GetParam().key);
  EXPECT_NE(first.what.find(GetParam().what), std::string::npos) << first.what;
}

const std::vector<mistake_case> mistake_cases{
  {"DuplicateKey", "a: 1\nb: 2\na: 3\n", 3, "a", "given twice, first in line 1"},
  {"DuplicateNestedKey", "a:\n  b: 1\n  b: 2\n", 3, "a.b", "given twice, first in line 2"},
  {"DuplicateKeyInList", "a:\n- b: 1\n- c: 1\n  c: 2\n", 4, "a[1].c", "given twice"},
  {"DuplicateKeyWhoseValuesAreNull", "a:\na:\n", 2, "a", "given twice"},
  {"DuplicateKeyInQuotes", "a: 1\n\"a\": 2\n", 2, "a", "given twice"},
  {"SecondDocument", "a: 1\n---\nb: 2\n", 2, "", "text after the end of the document"},
  {"TextAfterFlowMapping", "{a: 1} rest", 1, "", "text after the end of the document"},
  {"TextAfterDocumentEnd", "a: 1\n...\nrest\n", 3, "", "text after the end of the document"},
  {"Anchor", "a: &x 1\n", 1, "a", "anchors"},
  {"Alias", "a: &x 1\nb: *x\n", 1, "a", "anchors"},
  {"StarWithoutQuotes", "\nrole: *\n", 2, "", "not YAML"},
  {"MergeKeyWithAnchor", "a: &x {b: 1}\nc:\n  <<: *x\n", 1, "a", "anchors"},
  {"ForeignTag", "a: !!python/object 1\n", 1, "a", "tag"},
  {"LocalTag", "a:\n  b: !secret x\n", 2, "a.b", "tag !secret is not supported"},
  {"ListAsKey", "? [a]\n: b\n", 1, "", "a key must be text"},
  {"NullAsKey", "~: b\n", 1, "", "a key must be text"},
  {"ListAtTheRoot", "- a\n- b\n", 1, "", "expected a mapping"},
  {"ScalarAtTheRoot", "\nhello\n", 2, "", "expected a mapping"},
  {"BrokenFlow", "a: [1\nb: 2\n", 2, "", "not YAML"},
  {"BadIndentation", "a: 1\n  b: 2\n", 2, "", "not YAML"},
  {"ZeroByte", std::string("a: 1\nb: \0x", 10), 2, "", "control characters"},
  {"EscapeByte", "a: 1\n\x1b[0m\n", 2, "", "control characters"},
  {"Directive", "a: 1\n%size: 2\n", 2, "", "must not start with %"},
  {"NotUtf8", "a: 1\n\nb: \xff\n", 3, "", "not valid UTF-8"},
  {"OverlongUtf8", "a: \xc0\xaf", 1, "", "not valid UTF-8"},
  {"SurrogateInUtf8", "a: \xed\xa0\x80", 1, "", "not valid UTF-8"},
  {"CutUtf8", "a: \xe2\x82", 1, "", "not valid UTF-8"},
  {"ControlCharacterOfTwoBytes", "a: 1\nb: \xc2\x81", 2, "", "control characters are not allowed"},
  {"Deep", "a: 1\nb: " + std::string(600, '[') + std::string(600, ']'), 2, "", "nested too deeply"},
  {"TooLong", "a: " + std::string(yaml_size_limit, 'x'), 1, "", "longer than 262144 bytes"},
};

std::string case_name(const testing::TestParamInfo<mistake_case>& row) {
  return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(Reader, YamlMistake, testing::ValuesIn(mistake_cases), case_name);

TEST(YamlReader, KeepsOrderLinesAndKinds) {
  const auto document =
    read_yaml("# comment\nb: text\na: \"5\"\nc:\n- 1\n- {d: ~}\ne: |\n  block\n");
  ASSERT_TRUE(document.mistakes.empty());
  const auto& children = document.root.children;
  ASSERT_EQ(children.size(), 4U);
  EXPECT_EQ(children[0].key, "b");
  EXPECT_EQ(children[0].line, 2);
  EXPECT_EQ(children[0].kind, yaml_kind::plain);
  EXPECT_EQ(children[1].kind, yaml_kind::quoted);
  EXPECT_EQ(children[2].kind, yaml_kind::list);
  EXPECT_EQ(children[2].line, 4);
  EXPECT_EQ(children[2].children.at(1).line, 6);
  EXPECT_EQ(children[3].kind, yaml_kind::quoted);
  EXPECT_EQ(children[3].text, "block\n");
}

TEST(YamlReader, TakesNullForAbsent) {
  const auto document = read_yaml("a:\nb: ~\nc: null\nd: \"null\"\n");
  EXPECT_EQ(find(document.root, "a"), nullptr);
  EXPECT_EQ(find(document.root, "b"), nullptr);
  EXPECT_EQ(find(document.root, "c"), nullptr);
  EXPECT_NE(find(document.root, "d"), nullptr);
}

TEST(YamlReader, TakesNothingBehindAColonInBracesForAbsent) {
  for (const auto* text : {"{a: x, b:}", "{a: x, b: }", "{a: x, b:, c: 1}", "{b:, a: x}",
                           "{\n  a: x,\n  b:\n}", "{\"a\": x, \"b\":}"}) {
    const auto document = read_yaml(text);
    EXPECT_TRUE(document.mistakes.empty()) << text;
    EXPECT_EQ(find(document.root, "b"), nullptr) << text;
    const auto* a = find(document.root, "a");
    ASSERT_NE(a, nullptr) << text;
    EXPECT_EQ(a->text, "x") << text;
  }
}

TEST(YamlReader, TakesTextWithoutContentForNull) {
  for (const auto* text : {"", "  \n\n", "# only a comment\n", "---\n", "~\n", "\xef\xbb\xbf"}) {
    const auto document = read_yaml(text);
    EXPECT_EQ(document.root.kind, yaml_kind::null) << text;
    EXPECT_TRUE(document.mistakes.empty()) << text;
  }
}

TEST(YamlReader, TakesAStringTagForAString) {
  const auto document = read_yaml("a: !!str 5\n");
  ASSERT_TRUE(document.mistakes.empty());
  EXPECT_EQ(document.root.children.at(0).kind, yaml_kind::quoted);
}

TEST(YamlReader, ReportsEveryDuplicate) {
  const auto document = read_yaml("a: 1\na: 2\nb: 1\nb: 2\na: 3\n");
  ASSERT_EQ(document.mistakes.size(), 3U);
  EXPECT_EQ(document.mistakes[2].line, 5);
}

/// Each of these makes a careless reader expand, recurse or search without bound.
TEST(YamlReader, AnswersHostileTextsQuickly) {
  std::string billion_laughs = "a0: &a0 [lol, lol]\n";
  for (int level = 1; level < 30; ++level) {
    const auto name = std::to_string(level);
    const auto before = std::to_string(level - 1);
    billion_laughs.append("a").append(name).append(": &a").append(name);
    billion_laughs.append(" [*a").append(before).append(", *a").append(before).append("]\n");
  }
  std::string deep_blocks;
  for (int level = 0; level < 700; ++level)
    deep_blocks += std::string(static_cast<std::size_t>(level), ' ') + "a:\n";
  std::string many_keys;
  for (int key = 0; key < 20000; ++key)
    many_keys += "k" + std::to_string(key) + ": 1\n";
  const std::vector<std::string> texts{
    billion_laughs,           deep_blocks,
    std::string(100000, '['), std::string(100000, '{'),
    std::string(20000, '-'),  "a: \"" + std::string(100000, '\\'),
  };
  const auto start = std::chrono::steady_clock::now();
  for (const auto& text : texts)
    EXPECT_FALSE(read_yaml(text).mistakes.empty()) << text.substr(0, 40);
  EXPECT_TRUE(read_yaml(many_keys).mistakes.empty());
  // Generous, for sanitizers on a busy machine; expanding any of these would take hours.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});
}

} // namespace
