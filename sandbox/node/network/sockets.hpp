#pragma once

#include "sandbox/node/routes.hpp"

#include <string>
#include <utility>

namespace dklb::sandbox {

/// Owns a file descriptor and closes it. -1 means none.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

private:
  int number_ = -1;
};

/// A listening, non-blocking socket. Empty, with errno set, if the address cannot be bound.
descriptor listen_on(const socket_address& where);

/// The next pending connection, non-blocking. Empty, with errno set, if there is none.
descriptor accept_from(int listener);

/// The address at the other end of a connection. Empty if it is gone.
std::string peer_of(int socket);

/// A non-blocking socket that is connecting or connected. Empty, with errno set, if the connection
/// was refused at once.
descriptor connect_to(const socket_address& where);

/// Makes close() send a TCP reset.
void reset_on_close(int socket);

/// True if a loopback address accepts a connection now. Waits at most 50 ms.
bool accepts_connections(const socket_address& where);

} // namespace dklb::sandbox
