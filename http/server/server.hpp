#pragma once

#include "domain/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dklb::http::server {

/// A request to a handler.
struct incoming {
  std::string method;
  std::string path; ///< decoded, without the query; UTF-8
  std::string host; ///< the Host header, "" if absent
  /// The value of a query parameter, "" if absent. `has_query` tells an empty one from none.
  std::function<std::string(const std::string& name)> query;
  std::function<bool(const std::string& name)> has_query;
  std::string body;
  /// The names of all query parameters, sorted. One that is given twice is there twice.
  std::vector<std::string> parameters = {};
  /// The Last-Event-ID header, "" if absent.
  std::string last_event_id = {};
};

/// The client of a response that has no end. For the thread of its connection.
class event_sink {
public:
  virtual ~event_sink() = default;
  /// Sends a piece at once. False if the client is gone, or does not read in time
  /// (listener_options::event).
  virtual bool send(std::string_view piece) = 0;
  /// True as long as the client is there, the listener serves, and no other connection needs the
  /// thread.
  virtual bool is_open() const = 0;
};

/// The response of a handler.
struct outgoing {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  /// Further headers: names and values.
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// If set, the response is what this function sends, without an end and without `body`
  /// (server-sent events). It runs on the connection's thread after the handler. It must look at
  /// is_open() at least once a second, and return when that is false. Then the connection closes.
  std::function<void(event_sink& client)> events = {};
};

/// Runs on one of the server's threads, several at a time. May block for a bounded time. An
/// exception is logged and answered with 500.
using handler = std::function<outgoing(const incoming&)>;

/// Limits of a listener.
struct listener_options {
  /// The most connections at the same time; each has a thread. With one more, the connection that
  /// has waited longest for its client ends.
  std::size_t connections = 64;
  /// The largest request body, in bytes. A larger one is a 413.
  std::size_t max_body_bytes = 4U << 20U;
  /// The most memory for all request bodies above 16 KiB together, in bytes. Beyond it, a body is a
  /// 503.
  std::size_t max_bodies_bytes = 16U << 20U;
  /// Serves POST besides GET and HEAD.
  bool allow_post = false;
  /// The time for a client to send a request. It begins with the connection or, on a kept
  /// connection, with the first byte of the request.
  std::chrono::milliseconds request{10000};
  /// The time for a client to read a response.
  std::chrono::milliseconds answer{30000};
  /// The time for a client to read each 64 KiB of a response without an end.
  std::chrono::milliseconds event{5000};
  /// The time that a kept connection may be idle.
  std::chrono::milliseconds idle{10000};
  /// The number of requests after which a connection is closed.
  std::size_t requests_per_connection = 10000;
};

/// An HTTP/1.1 server on threads of its own (cpp-httplib). open() makes a plain one, open_tls() one
/// with TLS. It serves from then on until stop() or its destructor. Methods other than GET, HEAD
/// and (if allowed) POST are a 405. A path that is not UTF-8 is a 404, and such a query a 400. The
/// server's own errors have the body `{"error": "<text>"}`.
class listener {
public:
  /// Binds `address:port` (port 0: a free one; no address: all), an IPv6 address in brackets, and
  /// starts. The error names the address and the cause.
  static domain::result<std::unique_ptr<listener>> open(const std::string& address, handler handle,
                                                        listener_options options = {});
  virtual ~listener() = default;
  /// The bound port.
  virtual int port() const = 0;
  /// Stops accepting, waits for running handlers, and joins the threads. Idempotent. Must not be
  /// called from a handler.
  virtual void stop() = 0;
};

/// A response with this status and the body `{"error": "<message>"}`.
outgoing error_answer(int status, const std::string& message);

} // namespace dklb::http::server
