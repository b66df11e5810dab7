#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace dklb::actors {

/// A child of the supervisor: its name, and how it is started again. The supervisor keeps one for
/// each child, so the closures of a pool capture no more than two pointers.
struct child_spec {
  const char* kind; ///< for the log, the metrics and the introspection
  std::string name; ///< which of its kind; "" for an only one
  /// Starts the child, monitors it and stores its handle. Returns the actor's ID.
  std::function<std::uint64_t()> start;
  /// Runs first when the child has ended. Null: nothing is to be done.
  std::function<void(bool failed)> ended = nullptr;
  bool in_directory = false; ///< a new handle is announced
  bool essential = false;    ///< the process ends when the child fails
};

} // namespace dklb::actors
