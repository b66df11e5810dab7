#include "tests/support/kube/kube_store.hpp"

#include "tests/support/strategic_merge.hpp"

#include <algorithm>
#include <ctime>
#include <stdexcept>

namespace dklb::support {

using nlohmann::json;

namespace {

kube_failure not_found(const kube_resource& where, const std::string& name) {
  return {404,
          "NotFound",
          where.plural + " \"" + name + "\" not found",
          {{"name", name}, {"kind", where.plural}}};
}

kube_failure conflict(const kube_resource& where, const std::string& name, const std::string& why) {
  return {409,
          "Conflict",
          "Operation cannot be fulfilled on " + where.plural + " \"" + name + "\": " + why,
          {{"name", name}, {"kind", where.plural}}};
}

kube_failure invalid(const kube_resource& where, const std::string& name, const std::string& why) {
  return {422,
          "Invalid",
          where.kind + " \"" + name + "\" is invalid: " + why,
          {{"name", name}, {"kind", where.kind}}};
}

std::string text_at(const json& object, const char* key) {
  const auto& metadata = object.at("metadata");
  const auto found = metadata.find(key);
  return found != metadata.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::vector<std::string> finalizers_of(const json& object) {
  return object.at("metadata").value("finalizers", std::vector<std::string>{});
}

/// Fields that only the server sets, put back to what they were.
void keep_immutable(json& object, const json& old) {
  for (const char* key : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
                          "deletionGracePeriodSeconds", "generation"}) {
    const auto& before = old.at("metadata");
    if (before.contains(key))
      object["metadata"][key] = before[key];
    else
      object["metadata"].erase(key);
  }
}

} // namespace

json status_object(const kube_failure& failure) {
  json status{{"kind", "Status"},    {"apiVersion", "v1"},         {"metadata", json::object()},
              {"status", "Failure"}, {"message", failure.message}, {"reason", failure.reason},
              {"code", failure.code}};
  if (!failure.details.is_null())
    status["details"] = failure.details;
  return status;
}

std::string now_rfc3339() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

kube_store::kube_store(std::vector<kube_resource> resources) : resources_(std::move(resources)) {
  for (const auto& entry : resources_)
    objects_[&entry];
}

const kube_resource* kube_store::resource(const std::string& group_version,
                                          const std::string& plural) const {
  const auto found = std::find_if(resources_.begin(), resources_.end(), [&](const auto& entry) {
    return entry.group_version == group_version && entry.plural == plural;
  });
  return found == resources_.end() ? nullptr : &*found;
}

void kube_store::set_rules(const std::string& kind, kube_rules rules) {
  rules_[kind] = std::move(rules);
}

std::optional<kube_failure> kube_store::check(const kube_resource& where,
                                              const json& object) const {
  const auto rules = rules_.find(where.kind);
  if (rules == rules_.end() || !rules->second.refuse)
    return std::nullopt;
  if (const auto why = rules->second.refuse(object))
    return invalid(where, text_at(object, "name"), *why);
  return std::nullopt;
}

kube_pointer kube_store::store(const kube_resource& where, change_type type, json object) {
  object["apiVersion"] = where.group_version;
  object["kind"] = where.kind;
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  auto stored = std::make_shared<kube_object>();
  stored->version = version_;
  stored->bytes = object.dump();
  stored->value = std::move(object);
  kube_change change{&where, type, text_at(stored->value, "namespace"),
                     text_at(stored->value, "name"), stored};
  const key_type key{change.name_space, change.name};
  if (type == change_type::deleted)
    objects_[&where].erase(key);
  else
    objects_[&where][key] = stored;
  if (notify_)
    notify_(change);
  history_.push_back(std::move(change));
  return stored;
}

kube_result kube_store::create(const kube_resource& where, const std::string& name_space,
                               json object) {
  if (!object.is_object() || !object.contains("metadata") || !object["metadata"].is_object())
    return kube_failure{400, "BadRequest", "the object has no metadata", {}};
  auto& metadata = object["metadata"];
  if (!metadata.contains("name") && metadata.contains("generateName"))
    metadata["name"] = metadata["generateName"].get<std::string>() + std::to_string(next_uid_);
  const auto name = text_at(object, "name");
  if (name.empty())
    return invalid(where, name, "metadata.name: Required value: name or generateName is required");
  const auto own = text_at(object, "namespace");
  if (where.namespaced && !own.empty() && own != name_space)
    return kube_failure{400,
                        "BadRequest",
                        "the namespace of the provided object does not match the namespace sent on "
                        "the request",
                        {}};
  if (find(where, name_space, name))
    return kube_failure{409,
                        "AlreadyExists",
                        where.plural + " \"" + name + "\" already exists",
                        {{"name", name}, {"kind", where.plural}}};
  if (where.namespaced)
    metadata["namespace"] = name_space;
  char uid[40];
  std::snprintf(uid, sizeof uid, "00000000-0000-4000-8000-%012llx",
                static_cast<unsigned long long>(next_uid_++));
  metadata["uid"] = uid;
  metadata["creationTimestamp"] = metadata.value("creationTimestamp", json(now_rfc3339()));
  if (metadata["creationTimestamp"].is_null())
    metadata["creationTimestamp"] = now_rfc3339();
  metadata.erase("deletionTimestamp");
  if (const auto rules = rules_.find(where.kind); rules != rules_.end() && rules->second.complete)
    rules->second.complete(object, nullptr);
  if (auto failure = check(where, object))
    return *failure;
  return store(where, change_type::added, std::move(object));
}

kube_result kube_store::update(const kube_resource& where, const std::string& name_space,
                               const std::string& name, json object, bool status) {
  const auto old = find(where, name_space, name);
  if (!old)
    return not_found(where, name);
  if (!object.is_object() || !object.contains("metadata") || text_at(object, "name") != name)
    return kube_failure{
      400, "BadRequest", "the name of the object does not match the name on the URL", {}};
  // A PUT names the uid as a precondition, a patch changes it.
  if (const auto uid = text_at(object, "uid"); !uid.empty() && uid != text_at(old->value, "uid"))
    return conflict(where, name,
                    "Precondition failed: UID in precondition: " + uid
                      + ", UID in object meta: " + text_at(old->value, "uid"));
  return write(where, old, std::move(object), status);
}

kube_result kube_store::merge_patch(const kube_resource& where, const std::string& name_space,
                                    const std::string& name, const json& body, bool status) {
  return patch(where, name_space, name, body, status,
               [&](json& object) { object.merge_patch(body); });
}

kube_result kube_store::strategic_merge_patch(const kube_resource& where,
                                              const std::string& name_space,
                                              const std::string& name, const json& body,
                                              bool status) {
  return patch(where, name_space, name, body, status,
               [&](json& object) { strategic_merge(object, body); });
}

kube_result kube_store::patch(const kube_resource& where, const std::string& name_space,
                              const std::string& name, const json& body, bool status,
                              const std::function<void(json& object)>& merge) {
  const auto old = find(where, name_space, name);
  if (!old)
    return not_found(where, name);
  if (!body.is_object())
    return kube_failure{400, "BadRequest", "a patch must be an object", {}};
  auto object = old->value;
  try {
    merge(object);
  } catch (const std::invalid_argument& problem) {
    return kube_failure{422, "Invalid", problem.what(), {}};
  }
  if (!object.contains("metadata") || !object["metadata"].is_object())
    return kube_failure{400, "BadRequest", "metadata cannot be removed", {}};
  if (text_at(object, "name") != name)
    return kube_failure{
      400, "BadRequest", "the name of the object does not match the name on the URL", {}};
  return write(where, old, std::move(object), status);
}

kube_result kube_store::write(const kube_resource& where, const kube_pointer& old, json object,
                              bool status) {
  const auto name = text_at(old->value, "name");
  const auto version = text_at(object, "resourceVersion");
  const auto uid = text_at(object, "uid");
  if (!version.empty() && version != text_at(old->value, "resourceVersion"))
    return conflict(where, name,
                    "the object has been modified; please apply your changes to the latest version "
                    "and try again");
  if (!uid.empty() && uid != text_at(old->value, "uid"))
    return invalid(where, name, "metadata.uid: Invalid value: \"" + uid + "\": field is immutable");
  if (status) {
    auto whole = old->value;
    if (object.contains("status"))
      whole["status"] = std::move(object["status"]);
    else
      whole.erase("status");
    object = std::move(whole);
  } else if (where.status) {
    if (old->value.contains("status"))
      object["status"] = old->value["status"];
    else
      object.erase("status");
  }
  keep_immutable(object, old->value);
  if (finalizers_of(object).empty())
    object["metadata"].erase("finalizers"); // an empty list is not stored
  const auto before = finalizers_of(old->value);
  const auto after = finalizers_of(object);
  const bool deleting = old->value["metadata"].contains("deletionTimestamp");
  for (const auto& finalizer : after) {
    if (deleting && std::find(before.begin(), before.end(), finalizer) == before.end())
      return invalid(where, name,
                     "metadata.finalizers: Forbidden: no new finalizers can be added if the object "
                     "is being deleted, found new finalizers []string{\""
                       + finalizer + "\"}");
  }
  if (const auto rules = rules_.find(where.kind); rules != rules_.end() && rules->second.complete)
    rules->second.complete(object, &old->value);
  if (auto failure = check(where, object))
    return *failure;
  object["metadata"]["resourceVersion"] = text_at(old->value, "resourceVersion");
  if (object == old->value)
    return old;
  if (deleting && after.empty())
    return store(where, change_type::deleted, std::move(object));
  return store(where, change_type::modified, std::move(object));
}

kube_result kube_store::remove(const kube_resource& where, const std::string& name_space,
                               const std::string& name, const std::string& uid_precondition) {
  const auto old = find(where, name_space, name);
  if (!old)
    return not_found(where, name);
  if (!uid_precondition.empty() && uid_precondition != text_at(old->value, "uid"))
    return conflict(where, name, "Precondition failed: UID in precondition: " + uid_precondition);
  if (finalizers_of(old->value).empty())
    return store(where, change_type::deleted, old->value);
  if (old->value["metadata"].contains("deletionTimestamp"))
    return old;
  auto object = old->value;
  object["metadata"]["deletionTimestamp"] = now_rfc3339();
  object["metadata"]["deletionGracePeriodSeconds"] = 0;
  return store(where, change_type::modified, std::move(object));
}

kube_pointer kube_store::find(const kube_resource& where, const std::string& name_space,
                              const std::string& name) const {
  const auto& objects = objects_.at(&where);
  const auto found = objects.find({where.namespaced ? name_space : std::string{}, name});
  return found == objects.end() ? nullptr : found->second;
}

std::vector<kube_pointer> kube_store::list(const kube_resource& where,
                                           const std::string& name_space) const {
  std::vector<kube_pointer> out;
  const auto& objects = objects_.at(&where);
  out.reserve(name_space.empty() ? objects.size() : 0);
  for (const auto& [key, object] : objects) {
    if (name_space.empty() || key.first == name_space)
      out.push_back(object);
  }
  return out;
}

std::size_t kube_store::size(const kube_resource& where) const {
  return objects_.at(&where).size();
}

void kube_store::compact() {
  history_.clear();
  // A write of its own, as in a cluster: what was current before is now too old.
  compacted_ = ++version_;
}

void kube_store::replay(std::uint64_t version,
                        const std::function<void(const kube_change&)>& visit) const {
  const auto first = std::upper_bound(
    history_.begin(), history_.end(), version,
    [](std::uint64_t value, const kube_change& change) { return value < change.object->version; });
  std::for_each(first, history_.end(), visit);
}

} // namespace dklb::support
