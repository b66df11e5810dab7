#pragma once

#include "domain/service/service_traffic.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dklb::domain {

/// `<namespace>/<name>` of a Kubernetes Service.
struct service_key {
  std::string name_space;
  std::string name;

  // NOLINTNEXTLINE(modernize-use-nullptr): the check mistakes what the compiler makes of it
  friend auto operator<=>(const service_key&, const service_key&) = default;
};

/// `namespace/name`, as kubectl and the logs show it.
std::string to_string(const service_key& key);

struct service_port {
  std::string name;
  std::string protocol = "TCP";
  int port = 0;
  /// 0 where the API server has allocated none.
  int node_port = 0;

  friend bool operator==(const service_port&, const service_port&) = default;
};

/// `port "dns" (53/UDP)`, as messages name it.
std::string describe(const service_port& port);
/// Only TCP is served.
bool is_served(const service_port& port);

/// One entry of `status.loadBalancer.ingress`.
struct ingress {
  std::string ip;
  std::string hostname;

  // NOLINTNEXTLINE(modernize-use-nullptr): as above
  friend auto operator<=>(const ingress&, const ingress&) = default;
};

/// `ipMode` of the addresses in a status: what in-cluster clients do with them. `proxy`: they
/// connect to the address, so that the balancer sees them; `vip`: kube-proxy sends them to the
/// pods.
enum class ip_mode : std::uint8_t {
  unknown, ///< no address has the field: the server does not know it, or there is no address
  vip,
  proxy,
  mixed,
};

/// dklb's condition on a Service: the metav1.Condition of type `condition_type`.
struct condition {
  std::string status; ///< True, False or Unknown
  std::string reason;
  std::string message;
  std::int64_t observed_generation = 0; ///< 0: left out
  std::string last_transition_time;     ///< RFC 3339

  friend bool operator==(const condition&, const condition&) = default;
};

/// What dklb keeps of a Kubernetes Service: trimmed, because ten thousand of them stay in memory.
struct service {
  service_key key;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  /// RFC 3339 in UTC, so that text order is age order.
  std::string creation_timestamp;
  bool deleting = false;
  std::string type;
  std::optional<std::string> load_balancer_class;
  std::vector<service_port> ports;
  /// Value of `kubernetes.dcos.io/dklb-config`.
  std::optional<std::string> config_annotation;
  /// Value of `kubernetes.dcos.io/dklb-pool`, empty where there is none. Users may have edited it.
  std::string pool_annotation;
  /// `kubernetes.dcos.io/dklb-paused: "true"`.
  bool paused = false;
  ip_families families = ip_families::unknown;
  service_traffic traffic;
  std::vector<std::string> finalizers;
  std::vector<ingress> addresses;
  ip_mode address_mode = ip_mode::unknown; ///< of those addresses that are no host names
  /// dklb's own entry of `status.conditions`. Those of others are not kept: a status patch names
  /// this one only, so they stay as they are.
  std::optional<condition> own_condition;
  /// No field of the API: this process saw the class change while a dklb's finalizer was there, so
  /// that finalizer is of the dklb that served the former class.
  bool reclassed = false;

  friend bool operator==(const service&, const service&) = default;
};

/// Names that users, manifests and other tools rely on.
inline constexpr const char* config_annotation_name = "kubernetes.dcos.io/dklb-config";
inline constexpr const char* pool_annotation_name = "kubernetes.dcos.io/dklb-pool";
inline constexpr const char* paused_annotation_name = "kubernetes.dcos.io/dklb-paused";
/// Of the dklb with the default class; see finalizer_of().
inline constexpr const char* finalizer_name = "kubernetes.dcos.io/dklb";
inline constexpr const char* default_load_balancer_class = "kubernetes.dcos.io/edgelb";
inline constexpr const char* condition_type = "kubernetes.dcos.io/Provisioned";

} // namespace dklb::domain

template <>
struct std::hash<dklb::domain::service_key> {
  std::size_t operator()(const dklb::domain::service_key& key) const noexcept {
    const auto first = std::hash<std::string>{}(key.name_space);
    return first ^ (std::hash<std::string>{}(key.name) + 0x9e3779b97f4a7c15U + (first << 6U));
  }
};
