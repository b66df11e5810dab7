#pragma once

#include "http/server/connection.hpp"
#include "http/server/connection_table.hpp"
#include "http/server/server.hpp"

#include <httplib.h>

#include <memory>

namespace dklb::http::server {

/// cpp-httplib's HTTP over connections of our own. The library's time-outs are per byte, and a
/// fixed number of slow clients holds all of its threads. Here each connection has a thread, each
/// request and each answer has a deadline as a whole, and where all threads are taken, the
/// connection that has waited longest for its client gives way to a new one.
class connection_server : public httplib::Server {
public:
  explicit connection_server(const listener_options& options);

  /// Makes the kernel keep new connections where they come in a burst. Call it once bound.
  void widen_backlog();
  /// Call it before stop(): connections that wait for a request end at once.
  void end_connections() { connections_.close(); }

protected:
  virtual std::unique_ptr<connection> connect(connection_table& table, int socket,
                                              const listener_options& options);

private:
  bool process_and_close_socket(socket_t socket) override;

  const listener_options options_;
  connection_table connections_;
};

} // namespace dklb::http::server
