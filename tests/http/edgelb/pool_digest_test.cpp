#include "http/edgelb/pool_reader.hpp"

#include "tests/domain/support/plan_generators.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace dklb::tests {
namespace {

using domain::pool_document;

std::uint64_t digest_of(const std::string& json) {
  http::json_reader reader;
  return http::edgelb::digest(*reader.read(json));
}

TEST(PoolDigest, IsTheSameInEveryRunAndVersion) {
  // Fixed, because two instances may compare theirs over an upgrade.
  EXPECT_EQ(digest_of(R"({"name": "shared", "count": 2, "cpus": 0.5, "secrets": [null, true]})"),
            1427679096233636781ULL);
}

struct pair_case {
  const char* name;
  const char* left;
  const char* right;
  bool same;
};

class PoolDigestPair : public ::testing::TestWithParam<pair_case> {};

TEST_P(PoolDigestPair, TellsDocumentsApartByContent) {
  EXPECT_EQ(digest_of(GetParam().left) == digest_of(GetParam().right), GetParam().same);
}

INSTANTIATE_TEST_SUITE_P(
  Table, PoolDigestPair,
  ::testing::Values(pair_case{"KeyOrder", R"({"a": 1, "b": {"c": 2, "d": 3}})",
                              R"({"b": {"d": 3, "c": 2}, "a": 1})", true},
                    pair_case{"IntegerAndFloat", R"({"a": 1})", R"({"a": 1.0})", true},
                    pair_case{"ItemOrder", "[1, 2]", "[2, 1]", false},
                    pair_case{"SwappedValues", R"({"a": 1, "b": 2})", R"({"a": 2, "b": 1})", false},
                    pair_case{"Value", R"({"a": 1})", R"({"a": 2})", false},
                    pair_case{"Sign", "1", "-1", false}, pair_case{"Fraction", "0.1", "0.2", false},
                    pair_case{"Type", R"({"a": 1})", R"({"a": "1"})", false},
                    pair_case{"NullAndAbsent", R"({"a": null})", "{}", false},
                    pair_case{"NullAndFalse", "null", "false", false},
                    pair_case{"Booleans", "true", "false", false},
                    pair_case{"EmptyKinds", "{}", "[]", false},
                    pair_case{"EmptyText", R"("")", "null", false},
                    pair_case{"Nesting", "[[1], 2]", "[[1, 2]]", false},
                    pair_case{"SameMembersTwice", R"([{"a": 1}, {"a": 1}])", R"([{"a": 1}])",
                              false},
                    pair_case{"KeyAndValueSwapped", R"({"a": "b"})", R"({"b": "a"})", false}),
  [](const auto& param) { return param.param.name; });

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

RC_GTEST_PROP(PoolDigest, FollowsContentAndNotTheOrderOfKeys, ()) {
  const auto left = *domain::testing::any_json();
  const auto right = *domain::testing::any_json();
  RC_ASSERT(digest_of(left.dump()) == digest_of(reversed(left).dump()));
  const auto sorted = [](const pool_document& value) {
    return nlohmann::json::parse(value.dump());
  };
  RC_ASSERT((digest_of(left.dump()) == digest_of(right.dump())) == (sorted(left) == sorted(right)));
}

TEST(PoolSnapshot, OnlyAnObjectIsAPool) {
  http::json_reader reader;
  for (const char* const text : {"", "[]", "null", "1", "{", "<html>"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(http::edgelb::read_pool(reader, text));
  }
  const auto pool = http::edgelb::read_pool(reader, R"({"name": "p"})");
  ASSERT_TRUE(pool);
  EXPECT_EQ(pool->json, R"({"name": "p"})");
  EXPECT_EQ(pool->digest, digest_of(R"({"name": "p"})"));
}

} // namespace
} // namespace dklb::tests
