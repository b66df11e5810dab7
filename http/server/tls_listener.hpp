#pragma once

#include "http/server/server.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace dklb::http::server {

class certificate;

/// The options of a listener that serves strangers: many threads, kept connections, POST.
struct tls_options {
  listener_options common{256, 8U << 20U, true, std::chrono::seconds{10}, 10000};
  /// How long a client may take for its handshake and first request, and for each later request
  /// from the answer before, idle time included.
  std::chrono::milliseconds first_request{10000};
  std::chrono::milliseconds next_request{20000};
  /// How often the files are looked at.
  std::chrono::milliseconds refresh{1000};
};

/// As listener::open, over TLS 1.2 and up. A client that is too slow is cut off; the certificate is
/// refreshed while the listener runs: new connections get the new one, open ones are left alone.
domain::result<std::unique_ptr<listener>> open_tls(const std::string& address, handler handle,
                                                   std::shared_ptr<certificate> shown,
                                                   tls_options options = {});

} // namespace dklb::http::server
