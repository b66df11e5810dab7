#pragma once

#include "http/server/server.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace dklb::http::server {

class certificate;

/// The limits of the webhook's listener. The API server needs more connections, larger bodies and
/// POST.
struct tls_options {
  listener_options common{.connections = 256, .max_body_bytes = 8U << 20U, .allow_post = true};
  /// The pause between two checks of the certificate's files.
  std::chrono::milliseconds refresh{1000};
};

/// Like listener::open, with TLS 1.2 or later. It calls certificate::refresh() on a thread of its
/// own while it runs. New connections use the new certificate, open ones keep theirs.
domain::result<std::unique_ptr<listener>> open_tls(const std::string& address, handler handle,
                                                   std::shared_ptr<certificate> shown,
                                                   tls_options options = {});

} // namespace dklb::http::server
