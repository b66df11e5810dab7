#pragma once

#include "actors/supervisor/supervisor.hpp"

#include <string>
#include <type_traits>
#include <utility>

// What the parts of the supervisor do with all children alike; for them alone.
namespace dklb::actors {

template <class Handle>
std::uint64_t supervisor_state::adopt(Handle& place, Handle handle) {
  self_->monitor(handle);
  place = std::move(handle);
  return place.id();
}

template <class Message>
void supervisor_state::tell_pools(const Message& message) {
  for (const auto& [name, item] : pools_)
    if (item.pool)
      self_->send(item.pool, message);
}

template <class Message>
void supervisor_state::broadcast(const Message& message) {
  tell_pools(message);
  if constexpr (!std::is_same_v<Message, messages::nodes_changed>) {
    for (const auto& poller : handles_.pollers)
      self_->send(poller, message);
    self_->send(handles_.watcher, message);
    self_->send(handles_.inventory, message);
    if constexpr (!std::is_same_v<Message, messages::gate_changed>)
      for (const auto& writer : handles_.writers)
        self_->send(writer, message);
  }
}

} // namespace dklb::actors
