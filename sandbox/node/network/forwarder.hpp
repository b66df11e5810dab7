#pragma once

#include "sandbox/node/routes.hpp"

#include <cstddef>
#include <memory>

namespace dklb::sandbox {

/// Forwards TCP connections as the routes say: one epoll loop on one thread. A connection goes to
/// the targets in turn, to the next one where a target refuses; with none left it is reset, as it
/// would be without a listener. Each direction is closed on its own (half-close). A route that
/// changes or goes leaves its running connections alone.
class forwarder {
public:
  forwarder();
  ~forwarder();
  forwarder(const forwarder&) = delete;
  forwarder& operator=(const forwarder&) = delete;

  /// Replaces all routes, soon. An address that cannot be bound is logged and tried again every
  /// half second as long as it is wanted. Any thread.
  void set_routes(route_table routes);

  /// Running connections and bound addresses, for tests and logs. Any thread.
  std::size_t connections() const;
  std::size_t listeners() const;

private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

} // namespace dklb::sandbox
