#pragma once

#include "domain/config/config.hpp"

#include <string>
#include <vector>

namespace dklb::domain {

/// A key whose value in the file differs from the one in force. The values are YAML scalars.
struct changed_key {
  std::string key;
  std::string running;
  std::string written;

  friend bool operator==(const changed_key&, const changed_key&) = default;
};

/// What a configuration file that was read again means for a running dklb.
struct config_change {
  /// The configuration in force from now on: the written value of each key that applies live, the
  /// running value of all others.
  config merged;
  std::vector<changed_key> live;         ///< apply now
  std::vector<changed_key> need_restart; ///< have no effect until dklb is started again
};

/// Compares a configuration that was read again with the one in force. Both are valid. The table of
/// keys says which of them apply live (config_fields.hpp).
/// Source: docs/configuration.md, "Changes while dklb runs".
config_change plan_change(const config& running, const config& written);

} // namespace dklb::domain
