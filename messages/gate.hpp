#pragma once

#include <cstdint>
#include <memory>
#include <string>

/// What every working actor is told.
namespace dklb::messages {

/// The handles of the actors that others talk to; defined in messages/directory.hpp.
struct directory;

/// Some actor was replaced; use these handles from now on.
struct directory_changed {
  std::shared_ptr<const directory> handles;
};
/// Whether work may be done: leadership held, first Service list and EdgeLB inventory read.
struct gate_changed {
  bool open = false;
  /// If work is blocked only because the inventory cannot be read: the error shown to waiting
  /// Services. Otherwise empty.
  std::string why;
};

} // namespace dklb::messages
