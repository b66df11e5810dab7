#pragma once

#include "http/server/connection.hpp"
#include "http/server/connection_table.hpp"
#include "http/server/server.hpp"

#include <httplib.h>

#include <memory>

namespace dklb::http::server {

/// cpp-httplib's HTTP server over connections of this library. cpp-httplib has a time-out per byte,
/// so a few slow clients could hold all its threads. Here each request and each response has one
/// deadline. Each connection has a thread; if all threads are in use, the connection that has
/// waited longest for its client gives way to a new one. It is configured on one thread before it
/// listens.
class connection_server : public httplib::Server {
public:
  explicit connection_server(const listener_options& options);

  /// Makes the kernel queue a burst of new connections. Call it after the bind.
  void widen_backlog();
  /// Ends connections that wait for a request. Call it before stop(). Any thread.
  void end_connections() { connections_.close(); }

protected:
  /// Makes the connection object for an accepted socket.
  virtual std::unique_ptr<connection> connect(connection_table& table, int socket,
                                              const listener_options& options);

private:
  bool process_and_close_socket(socket_t socket) override;

  const listener_options options_;
  connection_table connections_;
};

} // namespace dklb::http::server
