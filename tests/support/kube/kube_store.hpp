#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dklb::support {

/// A collection of the imitated API server.
struct kube_resource {
  std::string group_version; ///< v1, coordination.k8s.io/v1, ...
  std::string plural;
  std::string kind;
  bool namespaced = true;
  bool status = false; ///< has a status subresource
};

/// An error of the API.
struct kube_failure {
  int code = 500;
  std::string reason;
  std::string message;
  nlohmann::json details;
};

/// An object at one version. It is serialized once; all responses share its bytes.
struct kube_object {
  nlohmann::json value;
  std::string bytes;
  std::uint64_t version = 0;
};

using kube_pointer = std::shared_ptr<const kube_object>;
using kube_result = std::variant<kube_pointer, kube_failure>;

enum class change_type { added, modified, deleted };

struct kube_change {
  const kube_resource* resource = nullptr;
  change_type type = change_type::added;
  std::string name_space;
  std::string name;
  kube_pointer object;
};

/// The defaults and the validation of one kind.
struct kube_rules {
  /// Adds defaults. `old` is null at a creation.
  std::function<void(nlohmann::json& object, const nlohmann::json* old)> complete;
  /// Why the object is invalid (422), if it is.
  std::function<std::optional<std::string>(const nlohmann::json& object)> refuse;
};

/// The objects of a Kubernetes API server, with its semantics: a growing resourceVersion,
/// conflicts, preconditions, finalizers, status subresource, no new version for a write without a
/// change, and a history for watches that can be compacted. A write costs O(log n). Not
/// thread-safe.
class kube_store {
public:
  explicit kube_store(std::vector<kube_resource> resources);

  /// The collection. Null if it is not served.
  const kube_resource* resource(const std::string& group_version, const std::string& plural) const;
  const std::vector<kube_resource>& resources() const { return resources_; }
  void set_rules(const std::string& kind, kube_rules rules);
  void on_change(std::function<void(const kube_change&)> handler) { notify_ = std::move(handler); }

  kube_result create(const kube_resource& where, const std::string& name_space,
                     nlohmann::json object);
  kube_result update(const kube_resource& where, const std::string& name_space,
                     const std::string& name, nlohmann::json object, bool status);
  kube_result merge_patch(const kube_resource& where, const std::string& name_space,
                          const std::string& name, const nlohmann::json& patch, bool status);
  kube_result strategic_merge_patch(const kube_resource& where, const std::string& name_space,
                                    const std::string& name, const nlohmann::json& patch,
                                    bool status);
  kube_result remove(const kube_resource& where, const std::string& name_space,
                     const std::string& name, const std::string& uid_precondition = {});
  kube_pointer find(const kube_resource& where, const std::string& name_space,
                    const std::string& name) const;
  /// All objects, sorted by namespace and name. An empty namespace means all namespaces.
  std::vector<kube_pointer> list(const kube_resource& where, const std::string& name_space) const;
  std::size_t size(const kube_resource& where) const;

  std::uint64_t version() const { return version_; }
  /// Drops the history. Watches and exact lists of older versions are a 410.
  void compact();
  std::uint64_t compacted() const { return compacted_; }
  /// Calls `visit` for each change after `version`, oldest first.
  void replay(std::uint64_t version, const std::function<void(const kube_change&)>& visit) const;

private:
  /// Patches an object with `merge`, which changes it in place.
  kube_result patch(const kube_resource& where, const std::string& name_space,
                    const std::string& name, const nlohmann::json& body, bool status,
                    const std::function<void(nlohmann::json& object)>& merge);
  using key_type = std::pair<std::string, std::string>;
  using objects_type = std::map<key_type, kube_pointer>;

  kube_result write(const kube_resource& where, const kube_pointer& old, nlohmann::json object,
                    bool status);
  kube_pointer store(const kube_resource& where, change_type type, nlohmann::json object);
  std::optional<kube_failure> check(const kube_resource& where, const nlohmann::json& object) const;

  std::vector<kube_resource> resources_;
  std::map<std::string, kube_rules> rules_; ///< by kind
  std::map<const kube_resource*, objects_type> objects_;
  std::function<void(const kube_change&)> notify_;
  std::deque<kube_change> history_;
  std::uint64_t version_ = 1000;
  std::uint64_t compacted_ = 0;
  std::uint64_t next_uid_ = 1;
};

/// A metav1.Status for a failure.
nlohmann::json status_object(const kube_failure& failure);

/// The present time in the API's format: RFC 3339, whole seconds.
std::string now_rfc3339();

} // namespace dklb::support
