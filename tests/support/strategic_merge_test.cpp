#include "tests/support/strategic_merge.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dklb::support {
namespace {

using nlohmann::json;

struct merge_case {
  const char* name;
  const char* object;
  const char* patch;
  const char* merged;
};

class StrategicMerge : public ::testing::TestWithParam<merge_case> {};

TEST_P(StrategicMerge, DoesAsTheApiServer) {
  auto object = json::parse(GetParam().object);
  strategic_merge(object, json::parse(GetParam().patch));
  EXPECT_EQ(object, json::parse(GetParam().merged));
}

INSTANTIATE_TEST_SUITE_P(
  Table, StrategicMerge,
  ::testing::Values(
    merge_case{"Members", R"({"metadata": {"a": 1, "b": {"c": 2}}})",
               R"({"metadata": {"a": null, "b": {"d": 3}}})",
               R"({"metadata": {"b": {"c": 2, "d": 3}}})"},
    merge_case{"NewCondition", R"({"status": {"conditions": [{"type": "A", "x": 1}]}})",
               R"({"status": {"conditions": [{"type": "B", "x": 2}]}})",
               R"({"status": {"conditions": [{"type": "B", "x": 2}, {"type": "A", "x": 1}]}})"},
    merge_case{"SameCondition", R"({"status": {"conditions": [{"type": "A", "x": 1, "y": 1},
                                                              {"type": "B"}]}})",
               R"({"status": {"conditions": [{"type": "A", "x": 2}]}})",
               R"({"status": {"conditions": [{"type": "A", "x": 2, "y": 1}, {"type": "B"}]}})"},
    merge_case{"ReplacedCondition", R"({"status": {"conditions": [{"type": "A", "y": 1}]}})",
               R"({"status": {"conditions": [{"$patch": "replace", "type": "A", "x": 2}]}})",
               R"({"status": {"conditions": [{"type": "A", "x": 2}]}})"},
    merge_case{"DeletedCondition", R"({"status": {"conditions": [{"type": "A"}, {"type": "B"}]}})",
               R"({"status": {"conditions": [{"$patch": "delete", "type": "A"}]}})",
               R"({"status": {"conditions": [{"type": "B"}]}})"},
    merge_case{"IngressIsReplaced",
               R"({"status": {"loadBalancer": {"ingress": [{"ip": "a"}, {"ip": "b"}]}}})",
               R"({"status": {"loadBalancer": {"ingress": [{"ip": "c"}]}}})",
               R"({"status": {"loadBalancer": {"ingress": [{"ip": "c"}]}}})"},
    merge_case{"IngressIsEmptied", R"({"status": {"loadBalancer": {"ingress": [{"ip": "a"}]}}})",
               R"({"status": {"loadBalancer": {"ingress": []}}})",
               R"({"status": {"loadBalancer": {"ingress": []}}})"}),
  [](const auto& param) { return param.param.name; });

TEST(StrategicMergeRefusal, NamesWhatIsMissingOrUnknown) {
  auto object = json::parse(R"({"status": {"conditions": []}})");
  EXPECT_THROW(
    strategic_merge(object, json::parse(R"({"status": {"conditions": [{"status": "True"}]}})")),
    std::invalid_argument);
  EXPECT_THROW(
    strategic_merge(object, json::parse(R"({"status": {"$setElementOrder/conditions": []}})")),
    std::invalid_argument);
}

} // namespace
} // namespace dklb::support
