#pragma once

#include "domain/base/error.hpp"
#include "domain/cluster/cluster_plan.hpp"
#include "domain/config/config.hpp"
#include "http/kube/access/access.hpp"

#include <string>
#include <vector>

namespace dklb::program {

/// What `dklb plan` plans over.
struct observed_cluster {
  domain::cluster_state state;
  /// The addresses of the ready nodes, sorted; read with `backendMode: nodes` only.
  std::vector<std::string> node_addresses;
};

/// Reads EdgeLB's pools, the Services and, where they are needed, the nodes, once each; blocks
/// until all is there. Writes nothing. Malformed objects are logged and left out, as the controller
/// does. An error says which of the servers failed, in its words.
domain::result<observed_cluster> read_cluster(const domain::config& settings,
                                              const http::kube::access& access,
                                              const http::kube::access_environment& environment);

} // namespace dklb::program
