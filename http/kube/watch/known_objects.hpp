#pragma once

#include "http/kube/json_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dklb::http::kube {

/// What a reflector remembers of an object, so that a relist can tell what has gone.
struct object_identity {
  std::string name_space; ///< "" for cluster-wide objects
  std::string name;
  std::string uid;

  friend bool operator==(const object_identity&, const object_identity&) = default;
};

/// Namespace, name and uid from an object's metadata; nothing where name or uid are missing.
std::optional<object_identity> identity_of(json_view object);

/// The objects of one collection that are known to exist. A name and a uid each, nothing else,
/// because there may be ten thousand of them.
class known_objects {
public:
  /// An object exists. Returns the one it replaced: same name, other uid, hence deleted before.
  std::optional<object_identity> seen(const object_identity& object);

  /// An object was deleted. False where that says nothing new: another uid has its name by now.
  bool deleted(const object_identity& object);

  /// A list begins: until finish_list() it is noted what was seen.
  void begin_list();
  /// The list is complete: forgets and returns what was known and is not in it.
  std::vector<object_identity> finish_list();

  std::size_t size() const { return objects_.size(); }

private:
  struct entry {
    std::string uid;
    std::uint32_t list = 0;
  };

  std::unordered_map<std::string, entry> objects_; ///< by `namespace/name`
  std::uint32_t list_ = 0;
};

} // namespace dklb::http::kube
