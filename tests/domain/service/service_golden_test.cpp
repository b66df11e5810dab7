// What a Service says, and what its pool gets: each pair of files in tests/domain/golden/service/
// is one case. `X.in.yaml` has the Service as the API server gives it, and the nodes; `X.out.yaml`
// has what comes of it. UPDATE_GOLDEN=1 writes the second one anew.
#include "tests/domain/support/plan_support.hpp"
#include "tests/domain/support/plan_through.hpp"
#include "tests/domain/support/yaml_json.hpp"

#include "domain/document/pool_document.hpp"
#include "domain/service/service_plan.hpp"
#include "http/kube/codec.hpp"
#include "tests/http/kube/json_views.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dklb::domain::testing {
namespace {

std::filesystem::path folder() {
  return std::filesystem::path(DKLB_TEST_DATA) / "domain" / "golden" / "service";
}

std::vector<std::string> cases() {
  const std::string_view ending = ".in.yaml";
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (const auto name = entry.path().filename().string(); name.ends_with(ending))
      found.push_back(name.substr(0, name.size() - ending.size()));
  std::sort(found.begin(), found.end());
  return found;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

service service_of(const pool_document& manifest) {
  const auto decoded = http::kube::decode_service(
    tests::view_of(nlohmann::json::parse(manifest.dump())), {"default", "web", "uid-1"});
  if (!decoded)
    throw std::runtime_error(decoded.failure().message);
  return *decoded;
}

/// The step after all patches.
service_step planned(const service& object, bool nodes_mode) {
  const service_settings settings{.cluster = cluster, .nodes_are_servers = nodes_mode};
  return plan_through(settings, object, [] { return std::string{"abcde"}; });
}

/// The Services of a case one after the other: versions of one Service, or several of one pool.
class world {
public:
  explicit world(const pool_document& given) {
    if (given.contains("nodes"))
      settings_ = nodes_mode(given["nodes"].get<std::vector<std::string>>());
    if (given.contains("pool"))
      pool_ = given["pool"];
  }

  /// What comes of the Service, and of the pool with it.
  pool_document take(const pool_document& manifest) {
    const auto object = service_of(manifest);
    auto step = planned(object, settings_.mode == backend_mode::nodes);
    pool_document out;
    if (const auto* refused = std::get_if<refuse_service>(&step)) {
      out["refused"] = std::string{refused->event_reason} + ": " + refused->message;
      return out;
    }
    const auto& part = std::get<claim_pool_part>(step);
    auto given = input(pool_, {*part.claim});
    given.held_ours = pool_.has_value();
    const auto plan = checked_plan(given, settings_);
    pool_ = carried_out(given, plan);
    out["action"] = to_string(plan.action);
    out["changes"] = plan.changes;
    out["warnings"] = part.warnings;
    if (plan.refusals.contains(object.key))
      out["refused"] = plan.refusals.at(object.key).message;
    for (const char* list : {"frontends", "backends"})
      if (plan.action != pool_action::none)
        out[list] = objects(*pool_, list);
    return out;
  }

private:
  pool_settings settings_ = mesos_mode();
  std::optional<pool_document> pool_;
};

pool_document outcome(const pool_document& given) {
  world world(given);
  pool_document out;
  out["steps"] = pool_document::array();
  for (const auto& manifest : given.at("services"))
    out["steps"].push_back(world.take(manifest));
  return out;
}

class ServiceGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(ServiceGolden, BecomesWhatIsWritten) {
  const auto given = json_of_yaml(text_of(folder() / (GetParam() + ".in.yaml")));
  const auto made = yaml_of_json(outcome(given));
  const auto expected = folder() / (GetParam() + ".out.yaml");
  if (std::getenv("UPDATE_GOLDEN") != nullptr)
    std::ofstream(expected) << made;
  EXPECT_EQ(made, text_of(expected));
}

INSTANTIATE_TEST_SUITE_P(Files, ServiceGolden, ::testing::ValuesIn(cases()),
                         [](const auto& param) { return param.param; });

TEST(ServiceGoldenFiles, EachExpectationHasItsInput) {
  const auto names = cases();
  EXPECT_GE(names.size(), 20U);
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const auto name = entry.path().filename().string();
    const auto stem = name.substr(0, name.find('.'));
    EXPECT_TRUE(std::find(names.begin(), names.end(), stem) != names.end()) << name;
  }
}

} // namespace
} // namespace dklb::domain::testing
