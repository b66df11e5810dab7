#pragma once

#include "domain/text/yaml_reader.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace dklb::domain::testing {

/// What a YAML text says, as JSON. Throws std::runtime_error where it has mistakes.
nlohmann::ordered_json json_of_yaml(std::string_view yaml);

/// A JSON object as YAML in block style, in its own order.
std::string yaml_of_json(const nlohmann::ordered_json& object);

} // namespace dklb::domain::testing
