#pragma once

#include <cstdint>
#include <memory>
#include <string>

/// Announcements of the supervisor to the working actors.
namespace dklb::messages {

/// Handles of the actors; defined in messages/directory.hpp.
struct directory;

/// Supervisor to pools, pollers, watcher, inventory and status writers: an actor was replaced, use
/// these handles from now on. The watcher forwards it to the service actors.
struct directory_changed {
  std::shared_ptr<const directory> handles;
};
/// Supervisor to pools, pollers, watcher, inventory and status writers: the gate opened or closed
/// (docs/architecture.md, "The gate"). The watcher forwards it to the service actors. Status
/// writers work without the EdgeLB inventory and get a gate of their own.
struct gate_changed {
  bool open = false;
  /// If work is blocked only because the inventory cannot be read: the error shown to waiting
  /// Services. Otherwise empty.
  std::string why;
};

} // namespace dklb::messages
