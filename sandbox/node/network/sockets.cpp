#include "sandbox/node/network/sockets.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dklb::sandbox {
namespace {

constexpr int backlog = 4096;

sockaddr_in to_native(const socket_address& where) {
  sockaddr_in native{};
  native.sin_family = AF_INET;
  native.sin_port = htons(static_cast<in_port_t>(where.port));
  ::inet_pton(AF_INET, where.host.c_str(), &native.sin_addr);
  return native;
}

descriptor open_socket() {
  return descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

void enable(int socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket, level, option, &on, sizeof on);
}

/// What both ends of a forwarded connection need: no delay is added, a dead peer is noticed.
void tune(int socket) {
  enable(socket, IPPROTO_TCP, TCP_NODELAY);
  enable(socket, SOL_SOCKET, SO_KEEPALIVE);
}

} // namespace

descriptor::~descriptor() {
  if (number_ >= 0) {
    const int kept = errno;
    ::close(number_);
    errno = kept;
  }
}

descriptor listen_on(const socket_address& where) {
  descriptor socket = open_socket();
  const sockaddr_in native = to_native(where);
  enable(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&native), sizeof native) != 0
      || ::listen(socket.get(), backlog) != 0) {
    return {};
  }
  return socket;
}

descriptor accept_from(int listener) {
  descriptor socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) {
    tune(socket.get());
  }
  return socket;
}

descriptor connect_to(const socket_address& where) {
  descriptor socket = open_socket();
  const sockaddr_in native = to_native(where);
  tune(socket.get());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&native), sizeof native) != 0
      && errno != EINPROGRESS) {
    return {};
  }
  return socket;
}

void reset_on_close(int socket) {
  const linger now{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool accepts_connections(const socket_address& where) {
  constexpr int patience = 50;
  const descriptor socket = connect_to(where);
  if (!socket) {
    return false;
  }
  pollfd wait{socket.get(), POLLOUT, 0};
  int failure = 0;
  socklen_t size = sizeof failure;
  return ::poll(&wait, 1, patience) == 1
         && ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
}

} // namespace dklb::sandbox
