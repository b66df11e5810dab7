#pragma once

#include <httplib.h>

#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace dklb::http::server {

/// One accepted TLS connection as the HTTP server reads and writes it: whole records at a time, an
/// answer in one piece, and no waking up while it is idle. For one thread.
class tls_connection final : public httplib::Stream {
public:
  /// Takes over the socket. A read or write fails where nothing moves for `patience`.
  tls_connection(SSL_CTX& context, int socket, std::chrono::milliseconds patience);
  tls_connection(const tls_connection&) = delete;
  tls_connection& operator=(const tls_connection&) = delete;
  ~tls_connection() override;

  bool handshake();
  /// True once there is something to read, or the peer is gone; false where neither happens.
  bool wait_for_request(std::chrono::milliseconds longest) const;
  /// Sends what was written so far.
  bool flush();
  /// Tells the peer that this was all.
  void say_goodbye();
  SSL* ssl() const { return ssl_.get(); }

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* into, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  /// The addresses stay empty: nobody who answers here asks for them.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

private:
  struct ssl_deleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  /// Repeats a call of OpenSSL until it is done; its last result.
  template <class Call>
  int complete(Call call);
  bool wait(short events, std::chrono::milliseconds longest) const;

  int socket_;
  std::chrono::milliseconds patience_;
  std::unique_ptr<SSL, ssl_deleter> ssl_;
  bool usable_ = false; ///< the handshake is done and nothing has failed
  std::array<char, 16384> received_{};
  std::size_t next_ = 0; ///< the first byte of `received_` that nobody has read
  std::size_t end_ = 0;
  std::string to_send_;
};

} // namespace dklb::http::server
