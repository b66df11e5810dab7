#pragma once

#include "domain/base/error.hpp"
#include "domain/pool/publication.hpp"
#include "domain/service/service.hpp"

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

/// Most addresses that one Service gets: more help nobody, and the API server refuses a status that
/// is too large.
inline constexpr std::size_t most_addresses = 64;

/// Where a Service can be reached.
struct service_addresses {
  /// First a hostname per AWS ELB that has a listener for one of its frontends (lower case), then
  /// private, then public IPs; each group sorted, without duplicates, `most_addresses` in all.
  std::vector<ingress> list;
  /// Which addresses EdgeLB names and dklb does not publish, and why; "" where there are none, and
  /// of those that the Service does not want only where nothing else is left.
  std::string left_out;
  /// With an empty list: the addresses that the Service does not want. They go from its status.
  std::vector<ingress> withheld = {};
};

/// The addresses of every Service of one cluster in a pool's metadata, found in one pass. A host
/// name that is none after RFC 1123 and an address that reaches nobody else are left out; loopback
/// and link-local addresses are published only where `publish_local` holds.
class metadata_index {
public:
  metadata_index(std::string_view cluster, const pool_metadata& metadata,
                 bool publish_local = false);

  service_addresses addresses_of(const service_key& service, const publication& what = {}) const;

private:
  struct address_groups {
    std::set<std::string> hostnames;
    std::set<std::string> internal;
    std::set<std::string> external;
    std::set<std::string> unusable;
  };
  std::unordered_map<service_key, address_groups> services_;
};

/// The longest message of a condition; the API server refuses one above 32,768 bytes.
inline constexpr std::size_t longest_message = 4096;

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
  /// For the addresses, where the server knows the field.
  ip_mode mode = ip_mode::vip;
};

/// Equal for equal ones, and different for others but by rare chance; never 0.
std::size_t digest_of(const desired_status& desired);

/// The strategic merge patch (JSON) for `services/<name>/status` that turns `current` into
/// `desired`, with metadata.uid in it; nothing where the status already says so. `now` (RFC 3339)
/// becomes the transition time where the condition's status changes. The server merges conditions
/// by their type, so the patch names dklb's own alone; the list of addresses it replaces whole. The
/// mode of the addresses is compared only where the server shows one: a server without the field
/// drops it. Source: docs/kubernetes.md, "Writes to Services".
std::optional<std::string> status_patch(const service& current, const desired_status& desired,
                                        std::string_view now);

} // namespace dklb::domain
