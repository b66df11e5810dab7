#pragma once

#include "sandbox/node/network/sockets.hpp"

#include <cstdint>
#include <functional>
#include <map>

namespace dklb::sandbox {

/// An epoll loop, level-triggered, for one thread. Each descriptor gets an identity that is never
/// reused, so that an event of a closed descriptor never reaches the handler of a new one.
class event_loop {
public:
  using identity = std::uint64_t;
  /// Gets the EPOLL* bits. It may call watch() and forget(), also for its own descriptor.
  using handler = std::function<void(std::uint32_t events)>;

  event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  /// Registers a descriptor, without owning it. Its handler is not called before set_interest().
  identity watch(int fd, handler handle);
  /// Sets the events to poll for. With 0, errors and hang-ups are not reported either.
  void set_interest(identity which, std::uint32_t events);
  /// Removes a descriptor. Call it before the descriptor is closed.
  void forget(identity which);

  /// Waits for events (-1: without limit) and calls their handlers.
  void run_once(int timeout_ms);

private:
  struct entry {
    int fd = -1;
    std::uint32_t interest = 0;
    handler handle;
  };

  descriptor epoll_;
  identity next_ = 1;
  std::map<identity, entry> entries_;
};

} // namespace dklb::sandbox
