// The two texts that people write.
#include "tests/fuzz/parsers.hpp"
#include "tests/fuzz/targets.hpp"

#include "domain/config/config.hpp"
#include "domain/service/configuration_object.hpp"

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

} // namespace dklb::fuzz
