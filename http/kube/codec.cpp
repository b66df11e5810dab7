#include "http/kube/codec.hpp"

#include "http/kube/timestamp.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

namespace dklb::http::kube {
namespace {

using nlohmann::json;

/// Names the field that is wrong; caught at the edge of this file.
class wrong_field : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// One level of an object with its path, so that a mistake can be named.
class fields {
public:
  fields(const json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object.is_object())
      throw wrong_field(path_ + " is no object");
  }

  std::string text(const char* name, std::string fallback = {}) const {
    const auto* member = find(name);
    if (member == nullptr)
      return fallback;
    if (!member->is_string())
      throw wrong_field(path_of(name) + " is no string");
    return member->get<std::string>();
  }

  std::string required_text(const char* name) const {
    auto value = text(name);
    if (value.empty())
      throw wrong_field(path_of(name) + " is missing");
    return value;
  }

  std::int64_t number(const char* name) const {
    const auto* member = find(name);
    if (member == nullptr)
      return 0;
    if (!member->is_number_integer())
      throw wrong_field(path_of(name) + " is no integer");
    return member->get<std::int64_t>();
  }

  int small_number(const char* name) const {
    const auto value = number(name);
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
      throw wrong_field(path_of(name) + " is out of range");
    return static_cast<int>(value);
  }

  bool has(const char* name) const { return find(name) != nullptr; }

  /// A member that is an object; an empty one where it is absent.
  fields object(const char* name) const {
    static const json nothing = json::object();
    const auto* member = find(name);
    return {member != nullptr ? *member : nothing, path_of(name)};
  }

  /// A member that is an array; an empty one where it is absent.
  const json& array(const char* name) const {
    static const json nothing = json::array();
    const auto* member = find(name);
    if (member == nullptr)
      return nothing;
    if (!member->is_array())
      throw wrong_field(path_of(name) + " is no array");
    return *member;
  }

  template <class Action>
  void each_object(const char* name, Action action) const {
    const auto& items = array(name);
    for (std::size_t i = 0; i < items.size(); ++i)
      action(fields{items[i], path_of(name) + '[' + std::to_string(i) + ']'});
  }

private:
  /// Null counts as absent, as everywhere in the Kubernetes API.
  const json* find(const char* name) const {
    const auto member = object_.find(name);
    return member == object_.end() || member->is_null() ? nullptr : &*member;
  }
  std::string path_of(const char* name) const {
    return path_.empty() ? std::string{name} : path_ + '.' + name;
  }

  const json& object_;
  std::string path_;
};

std::vector<domain::service_port> decode_ports(const fields& spec) {
  std::vector<domain::service_port> ports;
  spec.each_object("ports", [&ports](const fields& port) {
    ports.push_back({port.text("name"), port.text("protocol", "TCP"), port.small_number("port"),
                     port.small_number("nodePort")});
  });
  return ports;
}

std::vector<domain::ingress> decode_addresses(const fields& status) {
  std::vector<domain::ingress> addresses;
  status.object("loadBalancer").each_object("ingress", [&addresses](const fields& entry) {
    addresses.push_back({entry.text("ip"), entry.text("hostname")});
  });
  return addresses;
}

std::vector<std::string> decode_finalizers(const fields& metadata) {
  std::vector<std::string> finalizers;
  for (const auto& finalizer : metadata.array("finalizers")) {
    if (!finalizer.is_string())
      throw wrong_field("metadata.finalizers holds something that is no string");
    finalizers.push_back(finalizer.get<std::string>());
  }
  return finalizers;
}

/// The API server writes whole seconds in UTC; anything else is brought to that form, so that text
/// order is age order.
std::string decode_creation(const fields& metadata) {
  const auto text = metadata.text("creationTimestamp");
  if (text.empty())
    return {};
  const auto time = parse_time(text);
  if (!time)
    throw wrong_field("metadata.creationTimestamp is no RFC 3339 time");
  return format_time(*time);
}

domain::service read_service(const json& object) {
  const fields root{object, ""};
  const auto metadata = root.object("metadata");
  const auto annotations = metadata.object("annotations");
  const auto spec = root.object("spec");
  const auto status = root.object("status");

  domain::service service;
  service.key = {metadata.required_text("namespace"), metadata.required_text("name")};
  service.uid = metadata.required_text("uid");
  service.resource_version = metadata.text("resourceVersion");
  service.generation = metadata.number("generation");
  service.creation_timestamp = decode_creation(metadata);
  service.deleting = metadata.has("deletionTimestamp");
  service.finalizers = decode_finalizers(metadata);
  if (annotations.has(domain::config_annotation_name))
    service.config_annotation = annotations.text(domain::config_annotation_name);
  service.paused = annotations.text(domain::paused_annotation_name) == "true";
  service.type = spec.text("type", "ClusterIP");
  if (spec.has("loadBalancerClass"))
    service.load_balancer_class = spec.text("loadBalancerClass");
  service.ports = decode_ports(spec);
  service.addresses = decode_addresses(status);
  if (const auto& conditions = status.array("conditions"); !conditions.empty())
    service.conditions = conditions.dump();
  return service;
}

domain::node read_node(const json& object) {
  const fields root{object, ""};
  const auto status = root.object("status");
  domain::node node;
  node.name = root.object("metadata").required_text("name");
  status.each_object("addresses", [&node](const fields& address) {
    if (node.address.empty() && address.text("type") == "InternalIP")
      node.address = address.text("address");
  });
  status.each_object("conditions", [&node](const fields& condition) {
    if (condition.text("type") == "Ready")
      node.ready = condition.text("status") == "True";
  });
  return node;
}

/// The object's name for a message, without a second chance to fail.
std::string describe(const json& object) {
  const auto text = [&object](const char* pointer) -> std::string {
    const json::json_pointer path{pointer};
    return object.is_object() && object.contains(path) && object.at(path).is_string()
             ? object.at(path).get<std::string>()
             : "";
  };
  const auto name_space = text("/metadata/namespace");
  return (name_space.empty() ? "" : name_space + "/") + text("/metadata/name");
}

template <class T>
domain::result<T> guarded(const char* kind, const json& object, T (*read)(const json&)) {
  try {
    return read(object);
  } catch (const wrong_field& mistake) {
    return domain::error{domain::error_code::malformed,
                         std::string{kind} + ' ' + describe(object) + ": " + mistake.what(),
                         {},
                         0};
  } catch (const json::exception& mistake) {
    return domain::error{domain::error_code::malformed,
                         std::string{kind} + ' ' + describe(object) + ": " + mistake.what(),
                         {},
                         0};
  }
}

} // namespace

domain::result<domain::service> decode_service(const json& object) {
  return guarded("Service", object, read_service);
}

domain::result<domain::node> decode_node(const json& object) {
  return guarded("Node", object, read_node);
}

} // namespace dklb::http::kube
