#pragma once

#include "domain/config/config.hpp"
#include "domain/text/yaml_reader.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {

/// One key of the configuration file, bound to a member of a `config`.
struct config_field {
  std::string key; ///< dotted path
  /// Reads a value that is not null into the member. Returns the mistake, if any.
  std::function<std::optional<std::string>(const yaml_node&)> read;
  /// Returns the member's value as a YAML scalar.
  std::function<std::string()> write;
  /// A running dklb takes a changed value. Otherwise the key needs a restart.
  bool live = false;
};

/// The table of all keys, types and ranges, in the order of docs/configuration.md. Reading, writing
/// and the test of that page use it. The fields refer to `target`, which must outlive them.
std::vector<config_field> fields_of(config& target);

} // namespace dklb::domain
