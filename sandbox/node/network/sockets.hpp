#pragma once

#include "sandbox/node/routes.hpp"

#include <utility>

namespace dklb::sandbox {

/// A file descriptor that closes itself.
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

/// A listening, non-blocking socket; empty with errno set where the address cannot be bound.
descriptor listen_on(const socket_address& where);

/// The next waiting connection, non-blocking; empty with errno set where there is none.
descriptor accept_from(int listener);

/// A non-blocking socket that is connecting or connected; empty with errno set where it was refused
/// at once.
descriptor connect_to(const socket_address& where);

/// Makes close() send a reset instead of an orderly end.
void reset_on_close(int socket);

/// Whether a connection to a loopback address is accepted now; waits 50 ms at most.
bool accepts_connections(const socket_address& where);

} // namespace dklb::sandbox
