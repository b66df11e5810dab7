#include "sandbox/node/network/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dklb::sandbox {
namespace {

/// What may be on its way in one direction.
constexpr std::size_t buffer_size = 64UL * 1024;

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

connection::connection(event_loop& loop, descriptor client, std::vector<socket_address> targets,
                       std::function<void()> on_end)
  : loop_(loop), targets_(std::move(targets)), on_end_(std::move(on_end)) {
  std::reverse(targets_.begin(), targets_.end());
  client_.socket = std::move(client);
  client_.watched =
    loop_.watch(client_.socket.get(), [this](std::uint32_t events) { pump(events); });
  connect_next();
}

connection::~connection() {
  for (side* one : {&client_, &target_}) {
    if (one->watched != 0) {
      loop_.forget(one->watched);
    }
  }
}

void connection::connect_next() {
  if (target_.watched != 0) {
    loop_.forget(std::exchange(target_.watched, 0));
  }
  target_.socket = {};
  while (!target_.socket && !targets_.empty()) {
    target_.socket = connect_to(targets_.back());
    targets_.pop_back();
  }
  if (!target_.socket) {
    end(true);
    return;
  }
  target_.watched = loop_.watch(target_.socket.get(), [this](std::uint32_t events) {
    connecting_ ? connected() : pump(events);
  });
  loop_.set_interest(target_.watched, EPOLLOUT);
}

void connection::connected() {
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(target_.socket.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
  if (failure != 0) {
    connect_next();
    return;
  }
  connecting_ = false;
  pump(0);
}

void connection::pump(std::uint32_t events) {
  if (!move(client_, target_) || !move(target_, client_)) {
    end(true);
    return;
  }
  if (client_.told_end && target_.told_end) {
    end(false);
    return;
  }
  // Both halves of a socket are closed, yet nothing of it could be read: the peer is gone.
  if ((events & EPOLLERR) != 0) {
    end(true);
    return;
  }
  update_interest(client_, target_);
  update_interest(target_, client_);
}

/// Reads what fits, writes what is taken, passes the end on. False where a socket failed.
bool connection::move(side& from, side& to) {
  if (!read_from(from) || !write_to(to, from)) {
    return false;
  }
  if (from.read_all && from.pending.empty() && !to.told_end) {
    to.told_end = true;
    ::shutdown(to.socket.get(), SHUT_WR);
  }
  return true;
}

bool connection::read_from(side& from) {
  std::array<char, buffer_size> piece; // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (!from.read_all && from.pending.size() < buffer_size) {
    const ssize_t count =
      ::recv(from.socket.get(), piece.data(), buffer_size - from.pending.size(), 0);
    if (count > 0) {
      from.pending.append(piece.data(), static_cast<std::size_t>(count));
    } else if (count == 0) {
      from.read_all = true;
    } else {
      return would_block();
    }
  }
  return true;
}

bool connection::write_to(side& to, side& from) {
  while (!from.pending.empty()) {
    const ssize_t count =
      ::send(to.socket.get(), from.pending.data(), from.pending.size(), MSG_NOSIGNAL);
    if (count < 0) {
      return would_block();
    }
    from.pending.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

void connection::update_interest(side& one, const side& other) {
  std::uint32_t wanted = 0;
  if (!one.read_all && one.pending.size() < buffer_size) {
    wanted |= EPOLLIN;
  }
  if (!other.pending.empty()) {
    wanted |= EPOLLOUT;
  }
  loop_.set_interest(one.watched, wanted);
}

void connection::end(bool reset) {
  for (side* one : {&client_, &target_}) {
    if (one->watched != 0) {
      loop_.forget(std::exchange(one->watched, 0));
    }
    if (reset && one->socket) {
      reset_on_close(one->socket.get());
    }
  }
  if (on_end_) {
    std::exchange(on_end_, nullptr)();
  }
}

} // namespace dklb::sandbox
