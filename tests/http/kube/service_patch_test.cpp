#include "http/kube/service_patch.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace dklb::http::kube {
namespace {

using nlohmann::json;

struct patch_case {
  const char* name;
  std::optional<std::vector<std::string>> finalizers;
  std::optional<std::string> config;
  std::optional<std::string> pool;
  const char* metadata; ///< beside uid and resourceVersion
};

TEST(ServicePatch, HoldsWhatIsToBeWrittenAndTheVersionItIsBoundTo) {
  const patch_case cases[]{
    {"nothing", {}, {}, {}, "{}"},
    {"finalizer", {{"a", "b"}}, {}, {}, R"({"finalizers": ["a", "b"]})"},
    {"last finalizer", std::vector<std::string>{}, {}, {}, R"({"finalizers": []})"},
    {"text",
     {},
     "name: \"a\"\n",
     {},
     R"({"annotations": {"kubernetes.dcos.io/dklb-config": "name: \"a\"\n"}})"},
    {"pool",
     {{"a"}},
     {},
     "p",
     R"({"finalizers": ["a"], "annotations": {"kubernetes.dcos.io/dklb-pool": "p"}})"},
    {"both",
     {},
     "name: p",
     "p",
     R"({"annotations": {"kubernetes.dcos.io/dklb-config": "name: p",
                         "kubernetes.dcos.io/dklb-pool": "p"}})"},
  };
  domain::service object;
  object.uid = "u1";
  object.resource_version = "7";
  for (const auto& row : cases) {
    domain::patch_service patch;
    patch.finalizers = row.finalizers;
    patch.config_annotation = row.config;
    patch.pool_annotation = row.pool;
    auto expected = json::parse(row.metadata);
    expected["uid"] = "u1";
    expected["resourceVersion"] = "7";
    EXPECT_EQ(json::parse(encode_service_patch(object, patch)), json({{"metadata", expected}}))
      << row.name;
  }
}

} // namespace
} // namespace dklb::http::kube
