#include "domain/explanation/cluster_text.hpp"
#include "domain/explanation/service_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace dklb::domain {
namespace {

using nlohmann::json;

/// Each `NAME.json` in tests/domain/explanation/texts/ is one case: the page, what is made of it
/// and when; `NAME.txt` is the text. UPDATE_GOLDEN=1 writes the texts anew; read the difference.
std::filesystem::path folder() {
  return std::filesystem::path(DKLB_TEST_DATA) / "domain" / "explanation" / "texts";
}

std::vector<std::string> cases() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (entry.path().extension() == ".json")
      found.push_back(entry.path().stem().string());
  std::sort(found.begin(), found.end());
  return found;
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

using renderer = std::string (*)(const json& body, page::moment now);

const std::map<std::string, renderer> renderers{
  {"service", service_as_text},
  {"services", services_as_table},
  {"pool", pool_as_text},
  {"pools", pools_as_table},
  {"actors", actors_as_table},
  {"events", [](const json& body,
                page::moment now) { return events_as_table(events_of_dklb(body), false, now); }},
  {"events of all",
   [](const json& body, page::moment now) {
     return events_as_table(events_of_dklb(body), true, now);
   }},
  {"plan",
   [](const json& body, page::moment) {
     return plan_as_table(plan_of_pages(body.at("pools"), body.at("services")));
   }},
};

class ExplanationText : public ::testing::TestWithParam<std::string> {};

TEST_P(ExplanationText, IsTheGoldenOne) {
  const auto given = json::parse(content(folder() / (GetParam() + ".json")));
  const auto now = parse_time(given.at("now").get<std::string>());
  ASSERT_TRUE(now);
  const auto text = renderers.at(given.at("what").get<std::string>())(given.at("body"), *now);
  const auto file = folder() / (GetParam() + ".txt");
  if (std::getenv("UPDATE_GOLDEN") != nullptr)
    std::ofstream(file) << text;
  EXPECT_EQ(text, content(file));
}

INSTANTIATE_TEST_SUITE_P(Golden, ExplanationText, ::testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param; });

TEST(Explanation, EveryPageMayBeOfAnotherVersion) {
  for (const char* text : {"null", "[]", "{}", "7", "\"text\"", "[null]", "[[]]", "[7]",
                           R"([{"timeline": [1, {}], "frontends": {}, "addresses": [1]}])",
                           R"({"items": [{"series": 1, "metadata": []}], "claims": [[]]})"}) {
    const auto body = json::parse(text);
    for (const auto& [name, render] : renderers)
      if (name != "plan") {
        EXPECT_EQ(render(body, page::moment{}).find("Provisioned"), std::string::npos);
      }
    EXPECT_EQ(plan_as_table(plan_of_pages(body, body)), "Nothing to do.\n");
  }
}

/// A text of a user may hold anything: no line of its own, nothing that steers the terminal.
TEST(Explanation, TextsOfUsersCannotForgeALineOrSteerTheTerminal) {
  const std::string evil = "a\nService  forged\x1b[2J\r\xe2\x80\xae";
  const json service{
    {"namespace", "n"},
    {"name", evil},
    {"phase", evil},
    {"reason", evil},
    {"message", evil},
    {"pool", evil},
    {"addresses", {evil}},
    {"timeline", {{{"at", evil}, {"phase", evil}, {"reason", evil}, {"message", evil}}}},
    {"key", evil},
    {"kind", evil},
    {"lastError", evil},
    {"changes", {evil}},
    {"action", evil},
    {"claims", {{{"service", evil}}}}};
  const json event{{"reportingComponent", "kubernetes.dcos.io/dklb"},
                   {"message", evil},
                   {"reason", evil},
                   {"type", evil}};
  const json list = json::array({service});
  const auto now = page::moment{};
  const json events{{"items", json::array({event})}};
  for (const auto& text :
       {service_as_text(service, now), services_as_table(list, now), pools_as_table(list, now),
        pool_as_text(service, now), actors_as_table(list, now),
        events_as_table(events_of_dklb(events), true, now),
        plan_as_table(plan_of_pages(list, list))}) {
    EXPECT_NE(text.find("\\x1b[2J"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\r'), std::string::npos);
    EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_EQ(text.find("\nService  forged"), std::string::npos);
  }
}

} // namespace
} // namespace dklb::domain
