#pragma once

#include "http/server/server.hpp"
#include "sandbox/node/routes.hpp"

#include <map>
#include <memory>
#include <mutex>

namespace dklb::sandbox {

/// The web pages at the Services' healthCheckNodePorts. As kube-proxy, they answer every path: 200
/// if the node has a ready pod of the Service, otherwise 503, and JSON with the number. update() is
/// for one thread; it blocks for a moment when a page is opened or closed.
class health_pages {
public:
  /// Serves exactly these. An address that cannot be bound is logged, and tried again at the next
  /// update.
  void update(const health_table& wanted);

private:
  /// One page, which outlives its present numbers.
  struct page {
    std::mutex mutex;
    health shown;
    std::unique_ptr<http::server::listener> listener; ///< last: it uses the others
  };

  static void open(const socket_address& where, page& made);

  std::map<socket_address, std::unique_ptr<page>> pages_;
};

/// The response of a page.
http::server::outgoing health_answer(const health& shown);

} // namespace dklb::sandbox
