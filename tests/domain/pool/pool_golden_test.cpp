#include "tests/domain/support/plan_support.hpp"

#include "domain/document/pool_document.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dklb::domain::testing {
namespace {

/// Each file in tests/domain/golden/ is one case: `given` (settings, the pool, claims, releases)
/// and `expected` (the plan). A new case is a new file with `given`; UPDATE_GOLDEN=1 writes
/// `expected`.
std::filesystem::path folder() {
  return std::filesystem::path(DKLB_TEST_DATA) / "domain" / "golden";
}

std::vector<std::string> cases() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (entry.is_regular_file())
      found.push_back(entry.path().stem().string());
  std::sort(found.begin(), found.end());
  return found;
}

template <class T>
void read(const pool_document& from, const char* key, std::optional<T>& into) {
  if (from.contains(key))
    into = from[key].get<T>();
}

service_key service_of(const std::string& text) {
  const auto slash = text.find('/');
  return {text.substr(0, slash), text.substr(slash + 1)};
}

creation_strategy strategy_of(const std::string& text) {
  return text == "Never"  ? creation_strategy::never
         : text == "Once" ? creation_strategy::once
                          : creation_strategy::if_not_present;
}

std::string text(const pool_document& given, const char* key) {
  return given.at(key).get<std::string>();
}

int number(const pool_document& given, const char* key) {
  return given.at(key).get<int>();
}

pool_claim claim_of(const pool_document& given) {
  pool_claim claim;
  claim.service = service_of(text(given, "service"));
  claim.uid = text(given, "service");
  claim.creation_timestamp = text(given, "created");
  claim.pool = text(given, "pool");
  read(given, "role", claim.role);
  read(given, "network", claim.network);
  read(given, "cpus", claim.cpus);
  read(given, "memory", claim.memory);
  read(given, "size", claim.size);
  read(given, "constraints", claim.constraints);
  claim.creation = strategy_of(given.value("creation", ""));
  claim.had_address = given.value("hadAddress", false);
  if (given.contains("cloudProvider"))
    claim.cloud_provider = given["cloudProvider"].dump();
  for (const auto& port : given.at("ports"))
    claim.ports.push_back({number(port, "service"), number(port, "node"), number(port, "bind")});
  return claim;
}

pool_settings settings_of(const pool_document& given) {
  pool_settings settings;
  settings.cluster = text(given, "cluster");
  settings.default_size = given.value("defaultSize", 1);
  if (given.contains("nodes")) {
    settings.mode = backend_mode::nodes;
    settings.nodes = nodes_mode(given["nodes"].get<std::vector<std::string>>()).nodes;
  }
  return settings;
}

pool_plan_input input_of(const pool_document& given) {
  std::vector<pool_claim> claims;
  for (const auto& each : given.at("claims"))
    claims.push_back(claim_of(each));
  std::set<service_key> releases;
  for (const auto& each : items(member(given, "releases")))
    releases.insert(service_of(each.get<std::string>()));
  const auto& actual = given.at("pool");
  return input(actual.is_null() ? std::nullopt : std::optional(actual), claims, releases);
}

pool_document shown(const pool_plan& plan) {
  pool_document result;
  result["action"] = to_string(plan.action);
  result["relaunches"] = plan.relaunches;
  result["changes"] = plan.changes;
  result["refusals"] = pool_document::object();
  for (const auto& [service, refusal] : plan.refusals)
    result["refusals"][to_string(service)] = refusal.message;
  result["pool"] = plan.document;
  return result;
}

class PoolGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(PoolGolden, PlansAsWritten) {
  const auto path = folder() / (GetParam() + ".json");
  std::ifstream file(path);
  auto golden = pool_document::parse(file);
  const auto& given = golden.at("given");
  const auto plan = checked_plan(input_of(given), settings_of(given.at("settings")));
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    golden["expected"] = shown(plan);
    std::ofstream(path) << golden.dump(2) << '\n';
  }
  // As text, so that the order of keys counts too.
  EXPECT_EQ(shown(plan).dump(2), golden["expected"].dump(2));
}

INSTANTIATE_TEST_SUITE_P(Files, PoolGolden, ::testing::ValuesIn(cases()),
                         [](const auto& param) { return param.param; });

} // namespace
} // namespace dklb::domain::testing
