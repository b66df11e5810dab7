#pragma once

#include "domain/text/yaml_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::domain {

/// Each of these reads one scalar of exactly that type into `target`. They return nothing on
/// success and otherwise what was expected and what was found, as text for a mistake. A number or
/// a truth value needs quotes to be a string, and a quoted text is never a number.
std::optional<std::string> read_value(const yaml_node& node, std::string& target);
std::optional<std::string> read_value(const yaml_node& node, bool& target);
std::optional<std::string> read_value(const yaml_node& node, std::int64_t& target);
std::optional<std::string> read_value(const yaml_node& node, double& target);

/// `expected <wanted>, found <what is there>`
std::string expectation_text(std::string_view wanted, const yaml_node& node);

/// The text as one YAML scalar that reads back as exactly this string: plain where that is safe for
/// every YAML reader, in double quotes otherwise.
std::string yaml_scalar(std::string_view text);

/// The shortest decimal form that reads back as the same number.
std::string yaml_scalar(double number);

} // namespace dklb::domain
