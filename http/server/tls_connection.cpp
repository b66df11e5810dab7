#include "http/server/tls_connection.hpp"

#include <openssl/err.h>

#include <poll.h>

namespace dklb::http::server {

tls_connection::tls_connection(SSL_CTX& context, connection_table& table, int socket,
                               const listener_options& options)
  : connection(table, socket, options), ssl_(SSL_new(&context)) {
  if (ssl_ != nullptr)
    SSL_set_fd(ssl_.get(), descriptor());
}

template <class Call>
int tls_connection::complete(Call call) {
  for (;;) {
    ERR_clear_error();
    const int result = call();
    if (result > 0)
      return result;
    const int need = SSL_get_error(ssl_.get(), result);
    if (need == SSL_ERROR_WANT_READ && wait(POLLIN))
      continue;
    if (need == SSL_ERROR_WANT_WRITE && wait(POLLOUT))
      continue;
    usable_ = false;
    return need == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }
}

bool tls_connection::handshake() {
  usable_ = ssl_ != nullptr;
  return usable_ && complete([this] { return SSL_accept(ssl_.get()); }) > 0;
}

bool tls_connection::has_pending() const {
  return SSL_has_pending(ssl_.get()) == 1;
}

ssize_t tls_connection::receive(char* into, std::size_t size) {
  return usable_
           ? complete([=, this] { return SSL_read(ssl_.get(), into, static_cast<int>(size)); })
           : -1;
}

/// Without partial writes a call is repeated with the same bytes until all of them are out.
ssize_t tls_connection::transmit(const char* from, std::size_t size) {
  return usable_
           ? complete([=, this] { return SSL_write(ssl_.get(), from, static_cast<int>(size)); })
           : -1;
}

void tls_connection::say_goodbye() {
  // OpenSSL forbids it after a failure.
  if (usable_)
    (void)SSL_shutdown(ssl_.get());
}

} // namespace dklb::http::server
