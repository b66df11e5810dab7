#include "http/server/tls_connection.hpp"

#include <openssl/err.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dklb::http::server {

namespace {

/// More than that goes out before the answer is complete.
constexpr std::size_t most_unsent = 64U << 10U;

} // namespace

tls_connection::tls_connection(SSL_CTX& context, int socket, std::chrono::milliseconds patience)
  : socket_(socket), patience_(patience), ssl_(SSL_new(&context)) {
  (void)::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
  if (ssl_ != nullptr)
    SSL_set_fd(ssl_.get(), socket_);
}

tls_connection::~tls_connection() {
  // Before its number can be another's: connection_deadlines knows it until now.
  ssl_.reset();
  (void)::shutdown(socket_, SHUT_RDWR);
  (void)::close(socket_);
}

bool tls_connection::wait(short events, std::chrono::milliseconds longest) const {
  pollfd watched{socket_, events, 0};
  int count = 0;
  do
    count = ::poll(&watched, 1, static_cast<int>(longest.count()));
  while (count < 0 && errno == EINTR);
  return count > 0;
}

template <class Call>
int tls_connection::complete(Call call) {
  for (;;) {
    ERR_clear_error();
    const int result = call();
    if (result > 0)
      return result;
    const int need = SSL_get_error(ssl_.get(), result);
    if (need == SSL_ERROR_WANT_READ && wait(POLLIN, patience_))
      continue;
    if (need == SSL_ERROR_WANT_WRITE && wait(POLLOUT, patience_))
      continue;
    usable_ = false;
    return need == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }
}

bool tls_connection::handshake() {
  usable_ = ssl_ != nullptr;
  return usable_ && complete([this] { return SSL_accept(ssl_.get()); }) > 0;
}

bool tls_connection::wait_for_request(std::chrono::milliseconds longest) const {
  return next_ < end_ || SSL_has_pending(ssl_.get()) == 1 || wait(POLLIN, longest);
}

bool tls_connection::is_readable() const {
  return wait_for_request(patience_);
}

bool tls_connection::is_writable() const {
  return wait(POLLOUT, patience_);
}

ssize_t tls_connection::read(char* into, std::size_t size) {
  if (next_ == end_) {
    // A client that waits for our "100 Continue" would send nothing.
    if (!flush())
      return -1;
    next_ = end_ = 0;
    const int count = complete([this] {
      return SSL_read(ssl_.get(), received_.data(), static_cast<int>(received_.size()));
    });
    if (count <= 0)
      return count;
    end_ = static_cast<std::size_t>(count);
  }
  const auto taken = std::min(size, end_ - next_);
  std::memcpy(into, received_.data() + next_, taken);
  next_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t tls_connection::write(const char* from, std::size_t size) {
  if (!usable_)
    return -1;
  to_send_.append(from, size);
  if (to_send_.size() > most_unsent && !flush())
    return -1;
  return static_cast<ssize_t>(size);
}

bool tls_connection::flush() {
  // Without partial writes a call is repeated with the same bytes until all of them are out.
  const bool sent =
    to_send_.empty() || (usable_ && complete([this] {
                                      return SSL_write(ssl_.get(), to_send_.data(),
                                                       static_cast<int>(to_send_.size()));
                                    }) > 0);
  to_send_.clear();
  return sent;
}

void tls_connection::say_goodbye() {
  // OpenSSL forbids it after a failure.
  if (usable_)
    (void)SSL_shutdown(ssl_.get());
}

} // namespace dklb::http::server
