#include "domain/config/config.hpp"

#include "domain/config/config_fields.hpp"
#include "tests/domain/support/markdown.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace dklb::domain;

namespace {

/// A default as the page shows it: without the quotes that YAML needs, but "" for an empty text.
std::string shown_default(const std::string& written) {
  const bool quoted = written.size() > 2 && written.starts_with('"');
  return quoted ? written.substr(1, written.size() - 2) : written;
}

TEST(ConfigurationPage, ShowsAFileThatIsTheDefaults) {
  const auto blocks = code_blocks(documentation_page("configuration.md"), "yaml");
  ASSERT_EQ(blocks.size(), 1U);
  const auto outcome = parse_config(blocks[0]);
  for (const auto& mistake : outcome.mistakes)
    ADD_FAILURE() << to_string(mistake, "docs/configuration.md");
  ASSERT_TRUE(outcome.value);
  config defaults;
  defaults.cluster_name = "dev/kubernetes01";
  EXPECT_EQ(config_to_json(*outcome.value), config_to_json(defaults));
}

TEST(ConfigurationPage, ShowsEveryKeyInItsFile) {
  const auto page = documentation_page("configuration.md");
  const auto block = code_blocks(page, "yaml").at(0);
  config defaults;
  for (const auto& [key, read, write, live] : fields_of(defaults)) {
    const auto name = key.substr(key.rfind('.') + 1) + ":";
    EXPECT_NE(block.find(name), std::string::npos) << key;
  }
}

TEST(ConfigurationPage, ExplainsEveryKeyBesideItsDefaultAndWhenAChangeApplies) {
  const auto page = documentation_page("configuration.md");
  config defaults;
  for (const auto& field : fields_of(defaults)) {
    const auto row = "| `" + field.key + "` | `" + shown_default(field.write()) + "` | "
                     + (field.live ? "live" : "restart") + " | ";
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
}

} // namespace
