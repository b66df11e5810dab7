#include "http/kube/codec.hpp"

#include "http/kube/timestamp.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

namespace dklb::http::kube {
namespace {

/// Names the field that is wrong; caught at the edge of this file.
class wrong_field : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// One level of an object with its path, so that a mistake can be named.
class fields {
public:
  /// Nothing stands for an object that is absent, and has no member. `within` is what it stands in,
  /// and outlives it; `position` counts the items of a list.
  explicit fields(std::optional<json_view> object, const fields* within = nullptr,
                  const char* name = "", std::optional<std::size_t> position = {})
    : object_(object), within_(within), name_(name), position_(position) {
    if (object_ && !object_->is_object())
      throw wrong_field(path() + " is no object");
  }

  std::string text(const char* name, std::string_view fallback = {}) const {
    const auto member = find(name);
    std::string_view value = fallback;
    if (member && member->get(value) != simdjson::SUCCESS)
      throw wrong_field(path_of(name) + " is no string");
    return std::string{value};
  }

  std::string required_text(const char* name, const std::string& fallback = {}) const {
    auto value = text(name);
    if (value.empty())
      value = fallback;
    if (value.empty())
      throw wrong_field(path_of(name) + " is missing");
    return value;
  }

  std::int64_t number(const char* name) const {
    const auto member = find(name);
    std::int64_t value = 0;
    if (member && member->get(value) != simdjson::SUCCESS)
      throw wrong_field(path_of(name) + " is no integer");
    return value;
  }

  int small_number(const char* name) const {
    const auto value = number(name);
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
      throw wrong_field(path_of(name) + " is out of range");
    return static_cast<int>(value);
  }

  bool has(const char* name) const { return find(name).has_value(); }

  /// A member that is an object; an empty one where it is absent.
  fields object(const char* name) const { return fields{find(name), this, name}; }

  /// A member that is an array; nothing where it is absent.
  std::optional<simdjson::dom::array> array(const char* name) const {
    const auto member = find(name);
    if (!member)
      return std::nullopt;
    simdjson::dom::array items;
    if (member->get(items) != simdjson::SUCCESS)
      throw wrong_field(path_of(name) + " is no array");
    return items;
  }

  template <class Action>
  void each_object(const char* name, Action action) const {
    const auto items = array(name);
    if (!items)
      return;
    std::size_t number = 0;
    for (const auto item : *items)
      action(fields{item, this, name, number++});
  }

private:
  /// Null counts as absent, as everywhere in the Kubernetes API.
  std::optional<json_view> find(const char* name) const {
    const auto member = object_ ? value_at(*object_, {name}) : std::nullopt;
    return member && !member->is_null() ? member : std::nullopt;
  }
  std::string path() const {
    const auto own = within_ == nullptr ? std::string{} : within_->path_of(name_);
    return position_ ? own + '[' + std::to_string(*position_) + ']' : own;
  }
  std::string path_of(const char* name) const {
    const auto own = path();
    return own.empty() ? std::string{name} : own + '.' + name;
  }

  std::optional<json_view> object_;
  const fields* within_;
  const char* name_;
  std::optional<std::size_t> position_;
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

/// dklb's own condition; those of others are not looked at, whatever they are.
std::optional<domain::condition> decode_condition(const fields& status) {
  const auto items = status.array("conditions");
  if (!items)
    return std::nullopt;
  for (const auto item : *items) {
    if (!item.is_object() || text_view_at(item, {"type"}) != domain::condition_type)
      continue;
    const fields own{item, &status, "conditions"};
    return domain::condition{own.text("status"), own.text("reason"), own.text("message"),
                             own.number("observedGeneration"), own.text("lastTransitionTime")};
  }
  return std::nullopt;
}

std::vector<std::string> decode_finalizers(const fields& metadata) {
  std::vector<std::string> finalizers;
  const auto items = metadata.array("finalizers");
  if (!items)
    return finalizers;
  for (const auto item : *items) {
    std::string_view finalizer;
    if (item.get(finalizer) != simdjson::SUCCESS)
      throw wrong_field("metadata.finalizers holds something that is no string");
    finalizers.emplace_back(finalizer);
  }
  return finalizers;
}

constexpr std::string_view usual_time = "2006-01-02T15:04:05Z";

/// The API server writes whole seconds in UTC; anything else is brought to that form, so that text
/// order is age order.
std::string decode_creation(const fields& metadata) {
  const auto text = metadata.text("creationTimestamp");
  if (text.empty())
    return {};
  const auto time = parse_time(text);
  if (!time)
    throw wrong_field("metadata.creationTimestamp is no RFC 3339 time");
  const bool usual = text.size() == usual_time.size() && text[10] == 'T' && text.back() == 'Z';
  return usual ? text : format_time(*time);
}

domain::service read_service(json_view object, const object_identity& known) {
  const fields root{object};
  const auto metadata = root.object("metadata");
  const auto annotations = metadata.object("annotations");
  const auto spec = root.object("spec");
  const auto status = root.object("status");

  domain::service service;
  service.key = {metadata.required_text("namespace", known.name_space),
                 metadata.required_text("name", known.name)};
  service.uid = metadata.required_text("uid", known.uid);
  service.resource_version = metadata.text("resourceVersion");
  service.generation = metadata.number("generation");
  service.creation_timestamp = decode_creation(metadata);
  service.deleting = metadata.has("deletionTimestamp");
  service.finalizers = decode_finalizers(metadata);
  if (annotations.has(domain::config_annotation_name))
    service.config_annotation = annotations.text(domain::config_annotation_name);
  service.pool_annotation = annotations.text(domain::pool_annotation_name);
  service.paused = annotations.text(domain::paused_annotation_name) == "true";
  service.type = spec.text("type", "ClusterIP");
  if (spec.has("loadBalancerClass"))
    service.load_balancer_class = spec.text("loadBalancerClass");
  service.ports = decode_ports(spec);
  service.addresses = decode_addresses(status);
  service.own_condition = decode_condition(status);
  return service;
}

domain::node read_node(json_view object) {
  const fields root{object};
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
std::string describe(json_view object) {
  const auto name_space = text_at(object, {"metadata", "namespace"});
  return (name_space.empty() ? "" : name_space + "/") + text_at(object, {"metadata", "name"});
}

template <class Read>
auto guarded(const char* kind, json_view object, Read read) -> domain::result<decltype(read())> {
  try {
    return read();
  } catch (const wrong_field& mistake) {
    return domain::error{domain::error_code::malformed,
                         std::string{kind} + ' ' + describe(object) + ": " + mistake.what(),
                         {},
                         0};
  }
}

} // namespace

domain::result<domain::service> decode_service(json_view object, const object_identity& known) {
  return guarded("Service", object, [&] { return read_service(object, known); });
}

domain::result<domain::node> decode_node(json_view object) {
  return guarded("Node", object, [&] { return read_node(object); });
}

} // namespace dklb::http::kube
