#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <string>
#include <string_view>

namespace dklb::tests {

/// One TLS connection to a loopback address that sends exactly what it is told to. Trusts anybody.
class tls_client {
public:
  explicit tls_client(int port, const std::string& address = "127.0.0.1");
  ~tls_client();
  tls_client(const tls_client&) = delete;
  tls_client& operator=(const tls_client&) = delete;

  /// False where the server does not agree.
  bool handshake();
  /// The common name of the server's certificate.
  std::string peer_name() const;
  /// False once the connection has ended.
  bool send(std::string_view bytes);
  /// Sends a POST and does not wait for its answer.
  bool send_post(const std::string& path, const std::string& body);
  /// The next whole answer's body; "" where none came.
  std::string answer();
  /// Both.
  std::string post(const std::string& path, const std::string& body);
  int descriptor() const { return descriptor_; }
  /// Waits until the server ends the connection, whatever it says before; false where it does not.
  bool ends_within(std::chrono::milliseconds time);

private:
  SSL_CTX* context_;
  SSL* connection_;
  int descriptor_;
};

} // namespace dklb::tests
