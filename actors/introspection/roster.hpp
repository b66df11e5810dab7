#pragma once

#include "messages/actors.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dklb::actors {

/// Every live actor, for introspection. The one place where actors meet outside their mailboxes: a
/// stuck supervisor must not hide the others. Thread-safe.
class roster {
public:
  struct entry {
    std::uint64_t id = 0;
    const char* kind = "";
    std::string key;
    std::uint32_t restarts = 0;
    messages::describable_actor handle;
  };

  /// `kind` and `key` are not copied: they live until the actor is removed.
  void add(std::uint64_t id, const char* kind, const char* key, messages::describable_actor handle);
  void remove(std::uint64_t id);
  /// The first live actor of this kind; null where there is none.
  messages::describable_actor find(std::string_view kind) const;
  /// `kind key`, for the log.
  std::string name_of(std::uint64_t id) const;
  /// Counts a restart of `kind`/`key`; the number so far.
  std::uint32_t restarted(const char* kind, const std::string& key);
  std::vector<entry> list() const;
  /// How many live actors there are of each kind.
  std::map<std::string, std::size_t> count() const;
  /// How many restarts there have been of each kind that had one.
  std::map<std::string, std::size_t> restarts() const;

private:
  struct member {
    const char* kind;
    const char* key;
    messages::describable_actor handle;
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, member> members_; ///< by actor ID
  std::map<std::string, std::uint32_t> restarts_;
};

} // namespace dklb::actors
