#include "domain/pool/pool_changes.hpp"

#include "domain/document/pool_document.hpp"

#include <unordered_map>

namespace dklb::domain {

namespace {

/// Longer values are cut, so that a line stays one that people read.
constexpr std::size_t longest_value = 80;

std::string shown(const pool_document& value) {
  auto json = value.dump(-1, ' ', false, pool_document::error_handler_t::replace);
  if (json.size() > longest_value)
    json.replace(longest_value, std::string::npos, "...");
  return json;
}

std::string member_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

void collect(const std::string& path, const pool_document& before, const pool_document& after,
             std::vector<std::string>& into) {
  if (before == after)
    return;
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : after.get_ref<const pool_document::object_t&>())
      collect(member_path(path, key), member(before, key), value, into);
    for (const auto& [key, value] : before.get_ref<const pool_document::object_t&>())
      if (!after.contains(key))
        into.push_back(member_path(path, key) + " from " + shown(value) + " to nothing");
  } else if (before.is_array() && after.is_array() && before.size() == after.size()) {
    for (std::size_t position = 0; position < after.size(); ++position)
      collect(path + "[" + std::to_string(position) + "]", before[position], after[position], into);
  } else if (before.is_array() && after.is_array()) {
    into.push_back(path + " from " + std::to_string(before.size()) + " to "
                   + std::to_string(after.size()) + " entries");
  } else if (before.is_null()) {
    into.push_back(path + " " + shown(after));
  } else {
    into.push_back(path + " from " + shown(before) + " to " + shown(after));
  }
}

std::string details(const std::vector<std::string>& parts) {
  std::string line;
  for (const auto& part : parts)
    line += (line.empty() ? "" : ", ") + part;
  return line;
}

std::string added(std::string_view kind, const pool_document& object) {
  auto line = "add " + std::string(kind) + " " + std::string(text(member(object, "name")));
  if (const int port = port_number(member(object, "bindPort")); port != 0)
    line += " on port " + std::to_string(port);
  std::vector<std::string> parts;
  if (const auto& balance = member(object, "balance");
      balance.is_string() && balance != "leastconn")
    parts.push_back("balance " + shown(balance));
  for (const char* key : {"miscStrs", "customCheck"})
    if (const auto& value = member(object, key); !value.empty())
      parts.push_back(std::string{key} + " " + shown(value));
  return parts.empty() ? line : line + " with " + details(parts);
}

/// How often each name is there, and where first.
struct occurrence {
  const pool_document* first = nullptr;
  int count = 0;
};

using occurrences = std::unordered_map<std::string_view, occurrence>;

occurrences count_names(const std::vector<indexed_object>& index,
                        const std::vector<pool_document>& entries) {
  occurrences names;
  for (const auto& object : index) {
    if (!object.owner)
      continue;
    auto& name = names[object.name];
    if (name.count++ == 0)
      name.first = &entries[object.position];
  }
  return names;
}

void compare_lists(std::string_view cluster, const pool_document& before,
                   const pool_document& after, const char* list, std::string_view kind,
                   std::vector<std::string>& lines) {
  const auto index_before = index_objects(cluster, before, list);
  const auto index_after = index_objects(cluster, after, list);
  const auto names_before = count_names(index_before, objects(before, list));
  auto names_after = count_names(index_after, objects(after, list));
  for (const auto& object : index_before) {
    if (!object.owner)
      continue;
    auto& left = names_after[object.name].count;
    if (left-- <= 0)
      lines.push_back("remove " + std::string(kind) + " " + std::string(object.name));
  }
  for (const auto& object : index_after) {
    if (!object.owner)
      continue;
    const auto& entry = objects(after, list)[object.position];
    const auto known = names_before.find(object.name);
    std::vector<std::string> parts;
    if (known == names_before.end())
      lines.push_back(added(kind, entry));
    else if (names_after[object.name].first == &entry)
      collect("", *known->second.first, entry, parts);
    if (!parts.empty())
      lines.push_back("change " + std::string(kind) + " " + std::string(object.name) + ": "
                      + details(parts));
  }
}

} // namespace

pool_changes changes_between(std::string_view cluster, const pool_document& before,
                             const pool_document& after) {
  pool_changes changes;
  if (!after.is_object())
    return changes;
  std::vector<std::string> parts;
  for (const auto& [key, value] : after.get_ref<const pool_document::object_t&>()) {
    if (key != "haproxy")
      collect(key, member(before, key), value, parts);
  }
  changes.section = !parts.empty();
  for (const auto& part : parts)
    changes.lines.push_back("change pool: " + part);
  compare_lists(cluster, before, after, "frontends", "frontend", changes.lines);
  compare_lists(cluster, before, after, "backends", "backend", changes.lines);
  return changes;
}

std::vector<std::string> changes_of_creation(const pool_document& pool) {
  std::vector<std::string> lines;
  lines.push_back("create pool " + std::string(text(member(pool, "name"))) + " with role "
                  + std::string(role_of(pool)) + " and size " + shown(member(pool, "count")));
  for (const auto& frontend : objects(pool, "frontends"))
    lines.push_back(added("frontend", frontend));
  for (const auto& backend : objects(pool, "backends"))
    lines.push_back(added("backend", backend));
  return lines;
}

} // namespace dklb::domain
