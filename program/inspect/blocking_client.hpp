#pragma once

#include "domain/base/error.hpp"
#include "http/engine/engine.hpp"
#include "http/kube/access/access.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace dklb::program {

/// GET requests of a command, one after the other. Each call blocks. Not thread-safe.
class blocking_client {
public:
  /// `token` may be null: no credential.
  blocking_client(std::shared_ptr<const http::endpoint> where,
                  std::shared_ptr<http::kube::token_source> token,
                  std::chrono::milliseconds timeout);

  /// The complete answer, of any status. The error says that there was none, and why. A 401 makes
  /// the credential be read again, once. `host` replaces the Host header; "": the URL's own.
  domain::result<http::response> get(const std::string& path, const std::string& host = {});

private:
  domain::result<http::kube::credential> credential() const;
  domain::result<http::response> send(const std::string& path, const std::string& host,
                                      const http::kube::credential& proof);

  std::shared_ptr<const http::endpoint> where_;
  std::shared_ptr<http::kube::token_source> token_;
  std::chrono::milliseconds timeout_;
  http::engine engine_;
  http::target_id target_;
};

} // namespace dklb::program
