#include "domain/pool_plan.hpp"

#include <gtest/gtest.h>

namespace dklb::domain {
namespace {

std::uint64_t digest_of(const char* json) {
  return digest(pool_document::parse(json));
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

} // namespace
} // namespace dklb::domain
