#pragma once

#include "domain/error.hpp"

#include <functional>
#include <memory>
#include <string>

namespace dklb::http::server {

struct incoming {
  std::string method;
  std::string path; ///< decoded, without the query
  /// The value of a query parameter; `present` tells an empty one from none.
  std::function<std::string(const std::string& name)> query;
  std::function<bool(const std::string& name)> has_query;
  std::string body;
};

struct outgoing {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// Runs on one of the server's own threads; may block for a bounded time.
using handler = std::function<outgoing(const incoming&)>;

/// A plain HTTP/1.1 server on threads of its own (cpp-httplib). Only GET and HEAD are served: any
/// other method is 405 with an error body.
class listener {
public:
  /// Binds `address:port` (port 0: a free one). An error names the address and the cause.
  static domain::result<std::unique_ptr<listener>> open(const std::string& address, handler handle);
  virtual ~listener() = default;
  /// The port that is bound.
  virtual int port() const = 0;
  /// Stops accepting, lets running handlers end, joins. Idempotent.
  virtual void stop() = 0;
};

} // namespace dklb::http::server
