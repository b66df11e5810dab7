#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <string>
#include <string_view>

namespace dklb::tests {

/// One TLS connection to a port of 127.0.0.1 that sends exactly what it is told to. Trusts anybody.
class tls_client {
public:
  explicit tls_client(int port);
  ~tls_client();
  tls_client(const tls_client&) = delete;
  tls_client& operator=(const tls_client&) = delete;

  /// False where the server does not agree.
  bool handshake();
  /// The common name of the server's certificate.
  std::string peer_name() const;
  /// False once the connection has ended.
  bool send(std::string_view bytes);
  /// A POST with this body, and the whole answer's body; "" where none came.
  std::string post(const std::string& path, const std::string& body);
  /// Waits until the server ends the connection, whatever it says before; false where it does not.
  bool ends_within(std::chrono::milliseconds time);

private:
  SSL_CTX* context_;
  SSL* connection_;
  int descriptor_;
};

} // namespace dklb::tests
