#pragma once

#include "http/server/server.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace dklb::http::server {

class certificate;

/// The options of a listener that serves the API server: more connections, larger bodies, POST.
struct tls_options {
  listener_options common{.connections = 256, .max_body_bytes = 8U << 20U, .allow_post = true};
  /// How often the files are looked at.
  std::chrono::milliseconds refresh{1000};
};

/// As listener::open, over TLS 1.2 and up. The certificate is refreshed while the listener runs:
/// new connections get the new one, open ones are left alone.
domain::result<std::unique_ptr<listener>> open_tls(const std::string& address, handler handle,
                                                   std::shared_ptr<certificate> shown,
                                                   tls_options options = {});

} // namespace dklb::http::server
