#pragma once

#include <string>

namespace dklb::domain {

/// A Kubernetes node as the `nodes` backend mode needs it.
struct node {
  std::string name = {};
  std::string ipv4 = {}; ///< its first InternalIP of this family; empty where it has none
  std::string ipv6 = {};
  bool ipv6_first = false; ///< the first InternalIP of all is an IPv6 address
  bool ready = false;
  bool excluded = false;      ///< it has the label `exclude_label_name`
  bool to_be_deleted = false; ///< it has the taint `deletion_taint_name`

  friend bool operator==(const node&, const node&) = default;
};

/// Kubernetes' label for nodes that no load balancer shall use. The key alone counts.
inline constexpr const char* exclude_label_name =
  "node.kubernetes.io/exclude-from-external-load-balancers";
/// The cluster autoscaler's taint on a node that it is about to remove.
inline constexpr const char* deletion_taint_name = "ToBeDeletedByClusterAutoscaler";

} // namespace dklb::domain
