#pragma once

#include "domain/config/config.hpp"
#include "domain/text/yaml_reader.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {

/// One key of the configuration file, bound to the member that it sets.
struct config_field {
  std::string key; ///< dotted path
  /// Reads a value that is not null into the member; what is wrong with it, if anything.
  std::function<std::optional<std::string>(const yaml_node&)> read;
  /// The member's present value as a YAML scalar.
  std::function<std::string()> write;
};

/// The one table of keys, types and ranges: reading, writing and the documentation's test go
/// through it. In the order of docs/configuration.md; the fields refer to `target`.
std::vector<config_field> fields_of(config& target);

} // namespace dklb::domain
