#pragma once

#include "sandbox/node/routes.hpp"

#include <cstddef>
#include <memory>

namespace dklb::sandbox {

/// Forwards TCP connections along routes, with one epoll loop on a thread of its own. Connections
/// are spread over the targets in turn. If a target refuses, the next one is tried; if all refuse,
/// the connection is reset, as without a listener. Each direction is closed on its own
/// (half-close). A changed or removed route does not affect its open connections.
class forwarder {
public:
  forwarder();
  ~forwarder();
  forwarder(const forwarder&) = delete;
  forwarder& operator=(const forwarder&) = delete;

  /// Replaces all routes; the loop applies them. An address that cannot be bound is logged once,
  /// and retried at least every half second while it has a route. Any thread.
  void set_routes(route_table routes);

  /// The numbers of open connections and of bound addresses, for tests. Any thread.
  std::size_t connections() const;
  std::size_t listeners() const;

private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

} // namespace dklb::sandbox
