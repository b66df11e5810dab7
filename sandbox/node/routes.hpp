#pragma once

#include "sandbox/node/model.hpp"

#include <compare>
#include <map>
#include <string>
#include <vector>

namespace dklb::sandbox {

/// An address and a TCP port.
struct socket_address {
  std::string host;
  int port = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): the check mistakes what the compiler makes of it
  friend auto operator<=>(const socket_address&, const socket_address&) = default;
};

/// The targets of each listening address. Each address has at least one target.
using route_table = std::map<socket_address, std::vector<socket_address>>;

/// The routes of kube-proxy: every nodePort on every node's addresses of the Service's families, to
/// the ready pods of the Service's selector. Pods that are being deleted get connections only while
/// there are no others. With externalTrafficPolicy Local, only the node's own pods count. A
/// nodePort without a pod has no entry, so that a connection to it is refused at once. (Real nodes
/// drop it.) Pods have IPv4 addresses alone: a route may lead from one family to the other.
route_table routes_of(const std::vector<node>& nodes, const std::vector<service>& services,
                      const std::vector<pod>& ready_pods);

/// The answer of kube-proxy at a healthCheckNodePort.
struct health {
  std::string name_space; ///< of the Service
  std::string name;
  int local_endpoints = 0; ///< the node's own ready pods that are not being deleted

  friend bool operator==(const health&, const health&) = default;
};

/// The healthCheckNodePorts, on every node's addresses of both families.
using health_table = std::map<socket_address, health>;
health_table healths_of(const std::vector<node>& nodes, const std::vector<service>& services,
                        const std::vector<pod>& ready_pods);

} // namespace dklb::sandbox
