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
  /// Where only this keeps the gate closed, and it fails: what those hear who wait for work to
  /// begin.
  std::string why;
  /// Gone once everybody who was told has handled it; null where nobody asks.
  std::shared_ptr<const void> heard;
};
/// The Services have handled that the gate is open.
struct gate_heard {
  std::uint32_t round = 0; ///< of those messages
};

} // namespace dklb::messages
