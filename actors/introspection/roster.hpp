#pragma once

#include "messages/actors.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dklb::actors {

/// All live actors, for introspection. An actor adds itself when it starts and removes itself when
/// it ends (actors/base/base.hpp). It is shared and not a message to the supervisor, because a
/// stuck supervisor must not hide the other actors. Thread-safe.
class roster {
public:
  struct entry {
    std::uint64_t id = 0;
    const char* kind = "";
    std::string key;
    std::uint32_t restarts = 0;
    messages::describable_actor handle;
  };

  /// `kind` and `key` are not copied; they must live until remove().
  void add(std::uint64_t id, const char* kind, const char* key, messages::describable_actor handle);
  void remove(std::uint64_t id);
  /// A live actor of this kind. Null if there is none.
  messages::describable_actor find(std::string_view kind) const;
  /// `kind key`, for the log.
  std::string name_of(std::uint64_t id) const;
  /// Counts a restart of `kind`/`key`.
  void restarted(const char* kind, const std::string& key);
  std::vector<entry> list() const;
  /// The number of live actors of each kind.
  std::map<std::string, std::size_t> count() const;
  /// The number of restarts of each kind with at least one.
  std::map<std::string, std::size_t> restarts() const;

  /// From now on, notes the keys of the actors of this kind that come, go or change.
  void watch(const std::string& kind);
  void unwatch(const std::string& kind);
  /// The actor may answer `explain` in another way than before. Costs nothing unless its kind is
  /// watched.
  void changed(std::uint64_t id);
  /// The same, by another actor that knows a part of the answer.
  void changed(const std::string& kind, const std::string& key);
  /// The keys noted since the last call.
  std::set<std::string> take_changes(const std::string& kind);

private:
  struct member {
    const char* kind;
    const char* key;
    messages::describable_actor handle;
  };

  void note(std::string_view kind, std::string_view key);

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, member> members_; ///< by actor ID
  std::map<std::string, std::uint32_t> restarts_;
  std::atomic<bool> watched_ = false;                                 ///< any kind is
  std::map<std::string, std::set<std::string>, std::less<>> changes_; ///< by watched kind
};

} // namespace dklb::actors
