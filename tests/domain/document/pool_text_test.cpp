// A pool's text as a document, and back: what is kept, and what is refused.
#include "domain/document/pool_document.hpp"
#include "domain/document/pool_snapshot.hpp"

#include "tests/domain/support/plan_generators.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace dklb::domain::testing {
namespace {

struct text_case {
  const char* text;
  const char* written; ///< null: as it was read
};

class PoolText : public ::testing::TestWithParam<text_case> {};

TEST_P(PoolText, IsWrittenAsItWasRead) {
  const auto& [text, written] = GetParam();
  EXPECT_EQ(read_document(text).dump(), written == nullptr ? text : written);
}

/// EdgeLB's API has strings, booleans, integers of 64 bits at most, and doubles (`cpus`).
INSTANTIATE_TEST_SUITE_P(
  Table, PoolText,
  ::testing::Values(
    text_case{R"({"zebra":1,"name":"p","apple":{"z":null,"a":[]}})", nullptr},
    text_case{"[0,-7,65535,9223372036854775807,-9223372036854775808,18446744073709551615]",
              nullptr},
    text_case{"[0.1,1.5,-0.25,0.3333333333333333]", nullptr},
    text_case{R"(["","line\nbreak \"quoted\" \\","é😀"])", nullptr},
    // The same value in other words.
    text_case{"[1E5,1.50]", "[100000.0,1.5]"}, text_case{R"(["\u00e9\/"])", R"(["é/"])"},
    // The last of several members of one name holds, in the place of the first.
    text_case{R"({"a":1,"b":2,"a":3})", R"({"a":3,"b":2})"},
    // No integer of EdgeLB's is as long; the nearest double is all that is left of it.
    text_case{"[18446744073709551616]", "[1.8446744073709552e+19]"}));

TEST(PoolText, WhatIsNoJsonInUtf8IsRefused) {
  for (const char* text : {"", "{", "[1,", "{\"a\"}", "{\"a\":1,}", "{} {}", "nul", "\"open",
                           "1e400", "\"\\ud800\"", "\"\xff\"", "01", "<html>"})
    EXPECT_TRUE(read_document(text).is_discarded()) << text;
}

TEST(PoolText, BracketsMayNestAsDeepAsIsAllowedAndNoDeeper) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(read_document(nested(deepest_nesting)).dump(), nested(deepest_nesting));
  EXPECT_TRUE(read_document(nested(deepest_nesting + 1)).is_discarded());
  EXPECT_TRUE(read_document(nested(100000)).is_discarded()) << "a stack would not hold it";
}

TEST(PoolText, EveryGoldenDocumentIsWrittenAsItWasRead) {
  std::size_t count = 0;
  const auto folder = std::filesystem::path(DKLB_TEST_DATA) / "domain" / "golden";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file())
      continue;
    SCOPED_TRACE(entry.path().string());
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const auto document = read_document(text.str());
    EXPECT_FALSE(document.is_discarded());
    EXPECT_EQ(document_of(snapshot_of(document)), document);
    ++count;
  }
  EXPECT_GT(count, 0U);
}

std::uint64_t digest_of(const char* text) {
  return snapshot_of(read_document(text)).digest;
}

TEST(PoolSnapshot, DigestsAreEqualWhateverTheOrderOfKeys) {
  EXPECT_EQ(digest_of(R"({"a": 1, "b": {"c": 2, "d": 3}})"),
            digest_of(R"({"b": {"d": 3, "c": 2}, "a": 1})"));
}

TEST(PoolSnapshot, DigestsTellDocumentsApart) {
  const std::pair<const char*, const char*> pairs[]{
    {"[1, 2]", "[2, 1]"},
    {R"({"a": 1, "b": 2})", R"({"a": 2, "b": 1})"},
    {R"({"a": 1})", R"({"a": "1"})"},
    {R"({"a": null})", "{}"},
    {"{}", "[]"},
    {"[[1], 2]", "[[1, 2]]"},
    {R"({"a": "b"})", R"({"b": "a"})"},
  };
  for (const auto& [left, right] : pairs)
    EXPECT_NE(digest_of(left), digest_of(right)) << left << ' ' << right;
}

/// The same document with the keys of every object in reverse.
pool_document reversed(const pool_document& value) {
  if (value.is_array()) {
    auto list = pool_document::array();
    for (const auto& item : value)
      list.push_back(reversed(item));
    return list;
  }
  if (!value.is_object())
    return value;
  const auto& members = value.get_ref<const pool_document::object_t&>();
  auto object = pool_document::object();
  for (auto each = members.rbegin(); each != members.rend(); ++each)
    object[each->first] = reversed(each->second);
  return object;
}

RC_GTEST_PROP(PoolSnapshot, HoldsTheDocumentAndDigestsItsContent, ()) {
  const auto left = *any_json();
  const auto right = *any_json();
  const auto sorted = [](const pool_document& value) { return nlohmann::json(value).dump(); };
  RC_ASSERT(document_of(snapshot_of(left)).dump() == left.dump());
  RC_ASSERT(snapshot_of(left).digest == snapshot_of(reversed(left)).digest);
  RC_ASSERT((snapshot_of(left).digest == snapshot_of(right).digest)
            == (sorted(left) == sorted(right)));
}

} // namespace
} // namespace dklb::domain::testing
