#pragma once

#include "edgelb/api/api.hpp"
#include "edgelb/api/faults.hpp"
#include "edgelb/api/token_file.hpp"

#include <memory>
#include <string>

namespace dklb::edgelb {

/// The HTTP/1.1 server of the API. Serves from open() to stop() or its destructor, on threads of
/// its own. Checks the caller's token, applies faults, and calls answer_call().
class api_server {
public:
  /// The objects that a request needs. They must outlive the server.
  struct parts {
    reconciler& pools;
    token_file& tokens;
    fault_injector& faults;
  };

  /// Binds `address:port` (port 0: a free one) and starts the server. The error names the address
  /// and the cause.
  static domain::result<std::unique_ptr<api_server>> open(const std::string& listen, parts with);
  virtual ~api_server() = default;

  /// `http://address:port`
  virtual std::string url() const = 0;
  /// Accepts no more requests, and returns when running ones have been answered. Idempotent.
  virtual void stop() = 0;
};

} // namespace dklb::edgelb
