#pragma once

#include "sandbox/node/network/sockets.hpp"

#include <cstdint>
#include <functional>
#include <map>

namespace dklb::sandbox {

/// epoll, level-triggered, for one thread. Descriptors are known by identities that are never used
/// again, so that an event of a closed one is never taken for its successor's.
class event_loop {
public:
  using identity = std::uint64_t;
  /// Gets the EPOLL* bits; may watch and forget whatever it likes, itself included.
  using handler = std::function<void(std::uint32_t events)>;

  event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  /// Makes a descriptor known; nothing is polled for before set_interest(). It is not owned.
  identity watch(int fd, handler handle);
  /// What to poll for; with 0 not even errors and hang-ups are told.
  void set_interest(identity which, std::uint32_t events);
  /// To be called before the descriptor is closed.
  void forget(identity which);

  /// Waits (-1: without limit) and calls the handlers of what happened.
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
