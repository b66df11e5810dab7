#include "sandbox/node/network/event_loop.hpp"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <system_error>

namespace dklb::sandbox {

event_loop::event_loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) {
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
  }
}

event_loop::identity event_loop::watch(int fd, handler handle) {
  const identity which = next_++;
  entries_[which] = {fd, 0, std::move(handle)};
  return which;
}

void event_loop::set_interest(identity which, std::uint32_t events) {
  entry& known = entries_.at(which);
  if (known.interest == events) {
    return;
  }
  epoll_event event{};
  event.events = events;
  event.data.u64 = which;
  const int operation = events == 0           ? EPOLL_CTL_DEL
                        : known.interest == 0 ? EPOLL_CTL_ADD
                                              : EPOLL_CTL_MOD;
  ::epoll_ctl(epoll_.get(), operation, known.fd, &event);
  known.interest = events;
}

void event_loop::forget(identity which) {
  set_interest(which, 0);
  entries_.erase(which);
}

void event_loop::run_once(int timeout_ms) {
  std::array<epoll_event, 64> events{};
  const int count =
    ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int index = 0; index < count; ++index) {
    const epoll_event& event = events.at(static_cast<std::size_t>(index));
    const auto found = entries_.find(event.data.u64);
    if (found != entries_.end()) {
      const handler handle = found->second.handle; // it may forget itself
      handle(event.events);
    }
  }
}

} // namespace dklb::sandbox
