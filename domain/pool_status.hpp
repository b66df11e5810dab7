#pragma once

#include "domain/error.hpp"
#include "domain/service.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dklb::domain {

/// The addresses of every Service of one cluster in a pool's metadata, found in one pass: first a
/// hostname per AWS ELB that has a listener for one of its frontends (lower case), then private,
/// then public IPs; each group sorted, without duplicates. Parts that are missing or of a wrong
/// type are skipped, never an error.
class metadata_index {
public:
  metadata_index(std::string_view cluster, const nlohmann::json& metadata);

  std::vector<ingress> addresses_of(const service_key& service) const;

private:
  struct address_groups {
    std::set<std::string> hostnames;
    std::set<std::string> internal;
    std::set<std::string> external;
  };
  std::unordered_map<service_key, address_groups> services_;
};

/// The addresses of one Service in a pool's metadata.
std::vector<ingress> addresses_from_metadata(std::string_view cluster, const service_key& service,
                                             const nlohmann::json& metadata);

/// What a Service's condition should say.
struct condition_update {
  std::string status; ///< True, False or Unknown
  std::string reason; ///< CamelCase
  std::string message;
  std::int64_t observed_generation = 0;

  friend bool operator==(const condition_update&, const condition_update&) = default;
};

/// What the status of a Service should become. An absent part is left as it is (invariant 6).
struct desired_status {
  std::optional<std::vector<ingress>> addresses;
  std::optional<condition_update> condition;
};

/// The merge patch for `services/<name>/status` that turns `current` into `desired`, with
/// metadata.uid in it; nothing where the status already says so. `now` (RFC 3339) becomes the
/// transition time where the condition's status changes; foreign conditions are kept. An address
/// that the server completed (`ipMode: VIP`) counts as equal.
std::optional<nlohmann::json> status_patch(const service& current, const desired_status& desired,
                                           std::string_view now);

} // namespace dklb::domain
