#include "tests/support/strategic_merge.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace dklb::support {

using nlohmann::json;

namespace {

/// The `patchMergeKey` of each list that has one, by its path.
const std::map<std::string, std::string> merge_keys{{"/status/conditions", "type"}};

/// Takes `$patch` out of a patch; "" where it has none.
std::string take_directive(json& patch) {
  std::string directive;
  for (auto member = patch.begin(); member != patch.end();) {
    if (!member.key().starts_with('$')) {
      ++member;
      continue;
    }
    if (member.key() != "$patch" || (*member != "replace" && *member != "delete"))
      throw std::invalid_argument("the imitation knows no directive " + member.key());
    directive = member->get<std::string>();
    member = patch.erase(member);
  }
  return directive;
}

void merge(json& value, json patch, const std::string& path);

void merge_entry(json& list, json patch, const std::string& key, const std::string& path) {
  if (!patch.is_object() || !patch.contains(key))
    throw std::invalid_argument("map: " + patch.dump()
                                + " does not contain declared merge key: " + key);
  const auto directive = take_directive(patch);
  const auto place = std::ranges::find_if(
    list, [&](const json& entry) { return entry.value(key, json{}) == patch[key]; });
  if (directive == "delete") {
    if (place != list.end())
      list.erase(place);
  } else if (place == list.end()) {
    list.insert(list.begin(), std::move(patch));
  } else if (directive == "replace") {
    *place = std::move(patch);
  } else {
    merge(*place, std::move(patch), path);
  }
}

void merge_list(json& value, json patch, const std::string& path) {
  const auto key = merge_keys.find(path);
  if (key == merge_keys.end()) {
    value = std::move(patch);
    return;
  }
  if (!value.is_array())
    value = json::array();
  for (auto& entry : patch)
    merge_entry(value, std::move(entry), key->second, path);
}

void merge(json& value, json patch, const std::string& path) {
  if (patch.is_array())
    return merge_list(value, std::move(patch), path);
  if (!patch.is_object()) {
    value = std::move(patch);
    return;
  }
  const auto directive = take_directive(patch);
  if (!value.is_object() || !directive.empty())
    value = json::object();
  if (directive == "delete")
    return;
  for (auto& [name, member] : patch.items()) {
    if (member.is_null())
      value.erase(name);
    else
      merge(value[name], std::move(member), path + "/" + name);
  }
}

} // namespace

void strategic_merge(json& object, const json& patch) {
  merge(object, patch, "");
}

} // namespace dklb::support
