#pragma once

#include "domain/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace dklb::http::server {

struct incoming {
  std::string method;
  std::string path; ///< decoded, without the query; UTF-8
  std::string host; ///< the Host header, "" where there is none
  /// The value of a query parameter; `has_query` tells an empty one from none.
  std::function<std::string(const std::string& name)> query;
  std::function<bool(const std::string& name)> has_query;
  std::string body;
};

struct outgoing {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// Runs on one of the server's own threads; may block for a bounded time. What it throws is logged
/// and answered with 500.
using handler = std::function<outgoing(const incoming&)>;

/// What a listener serves and what it allows its clients.
struct listener_options {
  /// Connections that are served at the same time, each by a thread of its own. Past that number
  /// the one that has waited longest for its client gives way to a new one.
  std::size_t connections = 64;
  /// A larger request body is 413.
  std::size_t max_body_bytes = 4U << 20U;
  /// So much room have the bodies of all requests together, those above 16 KiB; one more is 503.
  std::size_t max_bodies_bytes = 16U << 20U;
  /// POST is served beside GET and HEAD.
  bool allow_post = false;
  /// How long a client may take to send a request, from its connecting or, on a kept connection,
  /// from the request's first byte.
  std::chrono::milliseconds request{10000};
  /// How long a client may take to read an answer.
  std::chrono::milliseconds answer{30000};
  /// How long a kept connection may wait for its next request.
  std::chrono::milliseconds idle{10000};
  /// After so many requests a connection is closed.
  std::size_t requests_per_connection = 10000;
};

/// An HTTP/1.1 server on threads of its own (cpp-httplib); open() makes a plain one, open_tls() one
/// with TLS. Only GET and HEAD are served, and POST where allowed: any other method is 405. A path
/// that is no UTF-8 is 404, a query that is none is 400. Errors of its own have the body
/// `{"error": "<text>"}`.
class listener {
public:
  /// Binds `address:port` (port 0: a free one; no address: all). IPv6 addresses stand in brackets.
  /// An error names the address and the cause.
  static domain::result<std::unique_ptr<listener>> open(const std::string& address, handler handle,
                                                        listener_options options = {});
  virtual ~listener() = default;
  /// The port that is bound.
  virtual int port() const = 0;
  /// Stops accepting, lets running handlers end, joins. Idempotent. Not from a handler.
  virtual void stop() = 0;
};

/// `{"error": "<message>"}` with this status.
outgoing error_answer(int status, const std::string& message);

} // namespace dklb::http::server
