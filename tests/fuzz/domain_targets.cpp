// The two texts that people write, and the pages that become texts for a terminal.
#include "tests/fuzz/parsers.hpp"
#include "tests/fuzz/targets.hpp"

#include "domain/config/config.hpp"
#include "domain/explanation/cluster_text.hpp"
#include "domain/explanation/service_text.hpp"
#include "domain/service/configuration_object.hpp"
#include "domain/text/utf8.hpp"

#include <string>

namespace dklb::fuzz {

void fuzz_annotation(std::string_view input) {
  const auto parsed = domain::parse_configuration_object(input);
  if (!parsed) {
    require(!parsed.failure().message.empty(), "a refusal says why");
    return;
  }
  const auto text = domain::render_configuration_object(parsed->object);
  const auto again = domain::parse_configuration_object(text);
  require(again.has_value() && again->object == parsed->object,
          "an annotation that was read, written and read again is the same");
}

void fuzz_configuration(std::string_view input) {
  const auto outcome = domain::parse_config(input, std::string{"dev/kubernetes01"});
  require(outcome.value.has_value() == outcome.mistakes.empty(),
          "a configuration is taken, or its mistakes are named");
  for (const auto& mistake : outcome.mistakes)
    require(!to_string(mistake, "dklb.yaml").empty(), "a mistake can be shown");
  if (outcome.value)
    (void)domain::config_to_json(*outcome.value).dump();
}

void fuzz_introspection_page(std::string_view input) {
  const auto page = nlohmann::json::parse(input, nullptr, false);
  if (page.is_discarded())
    return;
  const domain::page::moment now{std::chrono::seconds{1'800'000'000}};
  const auto events = domain::events_of_dklb(page);
  for (const auto& text :
       {domain::service_as_text(page, now), domain::services_as_table(page, now),
        domain::pool_as_text(page, now), domain::pools_as_table(page, now),
        domain::actors_as_table(page, now), domain::events_as_table(events, true, now),
        domain::plan_as_table(page), domain::plan_as_table(domain::plan_of_pages(page, page))}) {
    std::string lines{text};
    std::erase(lines, '\n');
    require(domain::find_invisible(lines) == std::string::npos, "a text steers no terminal");
  }
}

} // namespace dklb::fuzz
