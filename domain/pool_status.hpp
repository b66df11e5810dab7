#pragma once

#include "domain/error.hpp"
#include "domain/service.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dklb::domain {

/// What a pool's metadata says of addresses; not checked yet.
struct pool_metadata {
  struct frontend {
    std::string name;
    std::vector<std::string> internal; ///< the `private` addresses of its endpoints
    std::vector<std::string> external; ///< the `public` ones
  };
  /// An AWS ELB.
  struct balancer {
    std::string dns;
    std::vector<std::string> frontends; ///< to which its listeners are linked
  };
  std::vector<balancer> balancers;
  std::vector<frontend> frontends;
};

/// The addresses of every Service of one cluster in a pool's metadata, found in one pass: first a
/// hostname per AWS ELB that has a listener for one of its frontends (lower case), then private,
/// then public IPs; each group sorted, without duplicates. What is no address is skipped.
class metadata_index {
public:
  metadata_index(std::string_view cluster, const pool_metadata& metadata);

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
                                             const pool_metadata& metadata);

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

/// The merge patch (JSON) for `services/<name>/status` that turns `current` into `desired`, with
/// metadata.uid in it; nothing where the status already says so. `now` (RFC 3339) becomes the
/// transition time where the condition's status changes; foreign conditions are kept. An address
/// that the server completed (`ipMode: VIP`) counts as equal.
std::optional<std::string> status_patch(const service& current, const desired_status& desired,
                                        std::string_view now);

} // namespace dklb::domain
