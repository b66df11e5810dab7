#include "http/kube/watch/known_objects.hpp"

#include <string_view>
#include <utility>

namespace dklb::http::kube {
namespace {

std::string key_of(const object_identity& object) {
  return object.name_space + '/' + object.name;
}

object_identity identity_from(std::string_view key, std::string uid) {
  const auto slash = key.find('/');
  return {std::string{key.substr(0, slash)}, std::string{key.substr(slash + 1)}, std::move(uid)};
}

} // namespace

std::optional<object_identity> identity_of(json_view object) {
  object_identity identity{text_at(object, {"metadata", "namespace"}),
                           text_at(object, {"metadata", "name"}),
                           text_at(object, {"metadata", "uid"})};
  if (identity.name.empty() || identity.uid.empty())
    return std::nullopt;
  return identity;
}

std::optional<object_identity> known_objects::seen(const object_identity& object) {
  auto [position, added] = objects_.try_emplace(key_of(object), entry{object.uid, list_});
  if (added)
    return std::nullopt;
  position->second.list = list_;
  if (position->second.uid == object.uid)
    return std::nullopt;
  auto before = std::exchange(position->second.uid, object.uid);
  return object_identity{object.name_space, object.name, std::move(before)};
}

bool known_objects::deleted(const object_identity& object) {
  const auto position = objects_.find(key_of(object));
  if (position == objects_.end())
    return true;
  if (position->second.uid != object.uid)
    return false;
  objects_.erase(position);
  return true;
}

void known_objects::begin_list() {
  ++list_;
}

std::vector<object_identity> known_objects::finish_list() {
  std::vector<object_identity> gone;
  for (auto position = objects_.begin(); position != objects_.end();) {
    if (position->second.list == list_) {
      ++position;
      continue;
    }
    gone.push_back(identity_from(position->first, std::move(position->second.uid)));
    position = objects_.erase(position);
  }
  return gone;
}

} // namespace dklb::http::kube
