#pragma once

#include "domain/config/config.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace dklb::actors {

/// The part of the configuration that may change while actors run (docs/configuration.md, "Changes
/// while dklb runs").
struct live_values {
  domain::concurrency_config concurrency;
  domain::orphan_mode orphans = domain::orphan_mode::remove;
  std::string webhook_failure_policy = "Ignore";
};

/// The live values of this process. An actor reads them at the moment of use and keeps no copy.
/// Thread-safe.
class live_settings {
public:
  /// The values of this moment. They never change: the next call may return others.
  std::shared_ptr<const live_values> get() const {
    const std::lock_guard lock{mutex_};
    return values_;
  }
  void set(live_values next) {
    auto shared = std::make_shared<const live_values>(std::move(next));
    const std::lock_guard lock{mutex_};
    values_.swap(shared);
  }

private:
  mutable std::mutex mutex_;
  std::shared_ptr<const live_values> values_ = std::make_shared<const live_values>();
};

/// The live part of a configuration.
inline live_values live_values_of(const domain::config& settings) {
  return {settings.concurrency, settings.orphans, settings.webhook.failure_policy};
}

} // namespace dklb::actors
