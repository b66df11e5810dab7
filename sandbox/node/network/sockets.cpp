#include "sandbox/node/network/sockets.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dklb::sandbox {
namespace {

constexpr int backlog = 4096;

/// An address of either family for the kernel.
struct native_address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

native_address to_native(const socket_address& where) {
  native_address native;
  auto* narrow = reinterpret_cast<sockaddr_in*>(&native.storage);
  if (::inet_pton(AF_INET, where.host.c_str(), &narrow->sin_addr) == 1) {
    narrow->sin_family = AF_INET;
    narrow->sin_port = htons(static_cast<in_port_t>(where.port));
    native.size = sizeof *narrow;
    return native;
  }
  auto* wide = reinterpret_cast<sockaddr_in6*>(&native.storage);
  ::inet_pton(AF_INET6, where.host.c_str(), &wide->sin6_addr);
  wide->sin6_family = AF_INET6;
  wide->sin6_port = htons(static_cast<in_port_t>(where.port));
  native.size = sizeof *wide;
  return native;
}

descriptor open_socket(const native_address& where) {
  return descriptor(
    ::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
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
  const native_address native = to_native(where);
  descriptor socket = open_socket(native);
  enable(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(socket.get(), native.get(), native.size) != 0
      || ::listen(socket.get(), backlog) != 0) {
    return {};
  }
  return socket;
}

std::string peer_of(int socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return {};
  }
  const void* raw = peer.ss_family == AF_INET
                      ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(&peer)->sin_addr)
                      : &reinterpret_cast<sockaddr_in6*>(&peer)->sin6_addr;
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(peer.ss_family, raw, text.data(), text.size());
  return text.data();
}

descriptor accept_from(int listener) {
  descriptor socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) {
    tune(socket.get());
  }
  return socket;
}

descriptor connect_to(const socket_address& where) {
  const native_address native = to_native(where);
  descriptor socket = open_socket(native);
  tune(socket.get());
  if (::connect(socket.get(), native.get(), native.size) != 0 && errno != EINPROGRESS) {
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
