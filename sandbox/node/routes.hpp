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

/// The routes of kube-proxy: every nodePort on every node's address, to the ready pods of the
/// Service's selector. A nodePort without a ready pod has no entry, so that a connection to it is
/// refused at once.
route_table routes_of(const std::vector<node>& nodes, const std::vector<service>& services,
                      const std::vector<pod>& ready_pods);

} // namespace dklb::sandbox
