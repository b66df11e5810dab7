#pragma once

#include "actors/base/live_settings.hpp"
#include "actors/base/log.hpp"
#include "actors/introspection/metrics.hpp"
#include "actors/introspection/roster.hpp"
#include "actors/introspection/troubles.hpp"
#include "domain/config/config.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/service/pool_choice.hpp"
#include "domain/service/service_plan.hpp"

#include <nlohmann/json_fwd.hpp>
#include <spdlog/logger.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace dklb::actors {

/// The names of the pools that EdgeLB has, as of the last inventory and our own writes, and who had
/// objects in them at the last inventory; lets a service actor choose a pool's name, or find the
/// one that was chosen, without a round trip. Thread-safe.
class pool_names {
public:
  bool contains(const std::string& name) const;
  /// Null where nobody has objects in the pool, or where that is not known.
  domain::pool_owners owners_of(const std::string& name) const;
  /// The pools that hold objects of the Service, sorted. Looks at all pools.
  std::vector<std::string> pools_of(const domain::service_key& service) const;
  void add(const std::string& name);
  void remove(const std::string& name);
  void replace(std::unordered_map<std::string, domain::pool_owners> pools);

private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, domain::pool_owners> pools_;
};

/// What all actors share: settings, the surroundings that tests replace, and the
/// thread-safe indexes. Of the settings, only those in `live` change while actors run.
struct runtime {
  domain::service_settings services;
  domain::pool_settings pools;
  std::shared_ptr<live_settings> live = std::make_shared<live_settings>();
  /// How long an address may be missing before the user is told that it is awaited; in the usual
  /// case it comes sooner, and one status write says it all.
  std::chrono::milliseconds address_grace{2000};
  /// RFC 3339 in UTC.
  std::function<std::string()> wall_clock;
  std::function<std::uint64_t()> random;
  std::shared_ptr<roster> actors = std::make_shared<roster>();
  std::shared_ptr<pool_names> names = std::make_shared<pool_names>();
  std::shared_ptr<trouble_board> troubles = std::make_shared<trouble_board>();
  std::shared_ptr<watch_ages> watches = std::make_shared<watch_ages>();
  std::shared_ptr<metrics> stats = std::make_shared<metrics>();
  std::shared_ptr<spdlog::logger> log;
  /// Of failures that many Services or pools have at once.
  std::shared_ptr<failure_log> failures = std::make_shared<failure_log>();

  /// The values of this moment.
  domain::concurrency_config concurrency() const { return live->get()->concurrency; }
  domain::orphan_mode orphans() const { return live->get()->orphans; }
};

using runtime_ptr = std::shared_ptr<const runtime>;

/// A runtime from the configuration with the process's own clock, randomness and default logger.
runtime_ptr make_runtime(const domain::config& settings);

/// RFC 3339 in UTC, to the second, as Kubernetes' metav1.Time.
std::string to_rfc3339(std::chrono::system_clock::time_point time);

/// IPs and host names as introspection shows them: a list of strings.
nlohmann::json address_list(const std::vector<domain::ingress>& addresses);

} // namespace dklb::actors
