#pragma once

#include "domain/base/error.hpp"
#include "domain/cluster/cluster_plan.hpp"
#include "domain/config/config.hpp"
#include "http/kube/access/access.hpp"

#include <memory>

namespace dklb::program {

/// The input of `dklb plan`, from both servers.
struct observed_cluster {
  domain::cluster_state state;
  /// Read with `backendMode: nodes` only; null otherwise.
  std::shared_ptr<const domain::node_list> nodes;
};

/// Reads EdgeLB's pools, the Services and, with `backendMode: nodes`, the nodes, once each. Blocks
/// until all have been read. Writes nothing. Malformed objects are logged and left out, as in the
/// controller. The error names the server that failed and has its message.
domain::result<observed_cluster> read_cluster(const domain::config& settings,
                                              const http::kube::access& access,
                                              const http::kube::access_environment& environment);

} // namespace dklb::program
