#pragma once

#include "http/server/connection.hpp"

#include <openssl/ssl.h>

#include <memory>

namespace dklb::http::server {

/// A connection over TLS. `context` must outlive it. For one thread.
class tls_connection final : public connection {
public:
  tls_connection(SSL_CTX& context, connection_table& table, int socket,
                 const listener_options& options);

  bool handshake() override;
  void say_goodbye() override;

private:
  struct ssl_deleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  ssize_t receive(char* into, std::size_t size) override;
  ssize_t transmit(const char* from, std::size_t size) override;
  bool has_pending() const override;
  /// Repeats a call of OpenSSL until it succeeds or fails. Returns its last result.
  template <class Call>
  int complete(Call call);

  std::unique_ptr<SSL, ssl_deleter> ssl_;
  bool usable_ = false; ///< the handshake has begun and nothing has failed
};

} // namespace dklb::http::server
