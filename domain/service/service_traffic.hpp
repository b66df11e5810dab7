#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dklb::domain {

/// `spec.ipFamilies`: the families of a Service, the first one first. An API server without dual
/// stack does not give any.
enum class ip_families : std::uint8_t { unknown, ipv4, ipv6, ipv4_ipv6, ipv6_ipv4 };

/// Whether clients of a family are served. Where no family is known it is IPv4, as ever.
constexpr bool serves_ipv4(ip_families families) {
  return families != ip_families::ipv6;
}
constexpr bool serves_ipv6(ip_families families) {
  return families != ip_families::ipv4 && families != ip_families::unknown;
}

/// What the fields of a Service say about its traffic, as the API server gives it. Most Services
/// say nothing of this kind.
/// Source: docs/guide.md, "Fields of the Service".
struct service_traffic {
  /// `spec.loadBalancerSourceRanges`, or where that is empty the annotation of the same meaning.
  /// As written, without the blanks around each entry. The entries may be no ranges at all.
  std::vector<std::string> source_ranges;
  /// `spec.loadBalancerIP`; may be no address at all.
  std::string load_balancer_ip;
  /// `spec.healthCheckNodePort`, 0 where there is none.
  int health_check_node_port = 0;
  /// `spec.sessionAffinity: ClientIP`.
  bool client_affinity = false;
  /// `spec.externalTrafficPolicy: Local`.
  bool local_nodes_only = false;
  /// True where `source_ranges` are those of the annotation.
  bool ranges_from_annotation = false;

  friend bool operator==(const service_traffic&, const service_traffic&) = default;
};

/// An old form of `spec.loadBalancerSourceRanges`: ranges with commas between them. Kubernetes
/// reads it only where the field is empty.
inline constexpr const char* source_ranges_annotation_name =
  "service.beta.kubernetes.io/load-balancer-source-ranges";

} // namespace dklb::domain
