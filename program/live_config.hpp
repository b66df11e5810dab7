#pragma once

#include "actors/base/runtime.hpp"
#include "domain/config/config_change.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace dklb::program {

/// The configuration of a running dklb. A file that was read again is compared with what is in
/// force: live keys are applied, keys that need a restart are named, and a file with mistakes
/// changes nothing. Each reading is logged and counted (dklb_config_reloads_total).
/// Source: docs/configuration.md, "Changes while dklb runs".
class live_config {
public:
  struct listener {
    /// Carries out the changed values; this configuration is in force from now on.
    std::function<void(const domain::config& in_force)> apply;
    /// A file was refused; the mistakes with file and line, separated by "; ".
    std::function<void(const std::string& mistakes)> rejected;
  };

  live_config(domain::config started, std::string file, actors::runtime_ptr run, listener tell);

  /// The file was read again. One thread.
  void take(const domain::config_outcome& outcome);
  /// As take(), but silent where the file says what is in force. For the first look, at what was
  /// changed while dklb started.
  void catch_up(const domain::config_outcome& outcome);
  /// The body of /config: the configuration in force, the keys that need a restart, and the
  /// mistakes of the file if it was refused. Any thread.
  std::string page() const;

private:
  struct refusal {
    std::string at; ///< RFC 3339
    std::vector<std::string> mistakes;
  };

  void reject(const std::vector<domain::config_mistake>& mistakes);
  void accept(domain::config_change change);
  void log_restarts(const std::vector<domain::changed_key>& keys) const;

  const std::string file_;
  const actors::runtime_ptr run_;
  const listener tell_;
  mutable std::mutex mutex_; ///< guards what follows
  domain::config in_force_;
  std::vector<domain::changed_key> need_restart_;
  std::optional<refusal> rejected_;
  std::string loaded_at_;
};

} // namespace dklb::program
