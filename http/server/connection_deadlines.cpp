#include "http/server/connection_deadlines.hpp"

#include <sys/socket.h>

namespace dklb::http::server {

namespace {

/// The slot of the context, set before any connection is made of it.
int context_slot() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

} // namespace

connection_deadlines::connection_deadlines(std::chrono::milliseconds handshake_and_request,
                                           std::chrono::milliseconds between_answers)
  : handshake_and_request_(handshake_and_request), between_answers_(between_answers) {}

int connection_deadlines::slot() {
  // SSL_free runs this before the socket is closed, so a descriptor here is never another's.
  static const int index = SSL_get_ex_new_index(
    0, nullptr, nullptr, nullptr,
    [](void* connection, void* owner, CRYPTO_EX_DATA*, int, long, void*) {
      if (owner != nullptr)
        static_cast<connection_deadlines*>(owner)->remove(static_cast<const SSL*>(connection));
    });
  return index;
}

void connection_deadlines::follow(SSL_CTX& context) {
  SSL_CTX_set_ex_data(&context, context_slot(), this);
  SSL_CTX_set_info_callback(&context, on_state);
}

void connection_deadlines::on_state(const SSL* connection, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0)
    return;
  auto* const owner = static_cast<connection_deadlines*>(
    SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), context_slot()));
  owner->add(connection);
}

void connection_deadlines::add(const SSL* connection) {
  // The callback's type says const, but the connection is the one that is being set up.
  SSL_set_ex_data(const_cast<SSL*>(connection), slot(), this);
  const std::lock_guard lock{mutex_};
  connections_.try_emplace(connection,
                           entry{SSL_get_fd(connection), clock::now() + handshake_and_request_});
}

void connection_deadlines::remove(const SSL* connection) {
  const std::lock_guard lock{mutex_};
  connections_.erase(connection);
}

void connection_deadlines::answered(const SSL* connection) {
  const std::lock_guard lock{mutex_};
  if (const auto found = connections_.find(connection); found != connections_.end())
    found->second.until = clock::now() + between_answers_;
}

void connection_deadlines::cut_overdue(clock::time_point now) {
  const std::lock_guard lock{mutex_};
  for (const auto& [connection, item] : connections_)
    if (item.until <= now)
      ::shutdown(item.descriptor, SHUT_RDWR);
}

void connection_deadlines::cut_idle() {
  const std::lock_guard lock{mutex_};
  for (const auto& [connection, item] : connections_)
    ::shutdown(item.descriptor, SHUT_RD);
}

std::size_t connection_deadlines::size() const {
  const std::lock_guard lock{mutex_};
  return connections_.size();
}

} // namespace dklb::http::server
