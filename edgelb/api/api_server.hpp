#pragma once

#include "edgelb/api/api.hpp"
#include "edgelb/api/faults.hpp"
#include "edgelb/api/token_file.hpp"

#include <memory>
#include <string>

namespace dklb::edgelb {

/// Serves the API over HTTP/1.1 on threads of its own.
class api_server {
public:
  struct parts {
    reconciler& pools;
    token_file& tokens;
    fault_injector& faults;
  };

  /// Binds `address:port` (port 0: a free one) and starts. An error names the address and the
  /// cause.
  static domain::result<std::unique_ptr<api_server>> open(const std::string& listen, parts with);
  virtual ~api_server() = default;

  /// `http://address:port`
  virtual std::string url() const = 0;
  /// Accepts no more; returns when running calls have been answered. Idempotent.
  virtual void stop() = 0;
};

} // namespace dklb::edgelb
