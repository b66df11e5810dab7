#include "http/kube/codec.hpp"

#include "domain/base/ip_address.hpp"
#include "http/kube/object_fields.hpp"
#include "http/kube/timestamp.hpp"

#include <algorithm>
#include <utility>

namespace dklb::http::kube {
namespace {

std::vector<domain::service_port> decode_ports(const fields& spec) {
  std::vector<domain::service_port> ports;
  spec.each_object("ports", [&ports](const fields& port) {
    ports.push_back({port.text("name"), port.text("protocol", "TCP"), port.small_number("port"),
                     port.small_number("nodePort")});
  });
  return ports;
}

domain::ip_mode mode_of(const std::string& text) {
  if (text == "Proxy")
    return domain::ip_mode::proxy;
  return text == "VIP" ? domain::ip_mode::vip : domain::ip_mode::unknown;
}

void decode_addresses(const fields& status, domain::service& service) {
  auto& mode = service.address_mode;
  bool first = true;
  status.object("loadBalancer").each_object("ingress", [&](const fields& entry) {
    service.addresses.push_back({entry.text("ip"), entry.text("hostname")});
    if (service.addresses.back().ip.empty())
      return;
    const auto own = mode_of(entry.text("ipMode"));
    mode = std::exchange(first, false) || own == mode ? own : domain::ip_mode::mixed;
  });
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

/// A list of families as one value; those that are not known are no ground to drop a Service.
domain::ip_families decode_families(const fields& spec) {
  const auto names = spec.texts("ipFamilies");
  const auto first = [&](const char* family) { return !names.empty() && names.front() == family; };
  const auto has = [&](const char* family) {
    return std::find(names.begin(), names.end(), family) != names.end();
  };
  const bool both = has("IPv4") && has("IPv6");
  if (both)
    return first("IPv6") ? domain::ip_families::ipv6_ipv4 : domain::ip_families::ipv4_ipv6;
  if (has("IPv6"))
    return domain::ip_families::ipv6;
  return has("IPv4") ? domain::ip_families::ipv4 : domain::ip_families::unknown;
}

std::string without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return std::string{text.substr(begin, text.find_last_not_of(blanks) + 1 - begin)};
}

/// The annotation's ranges. A comma too many gives an empty entry, which is no range.
std::vector<std::string> ranges_of_annotation(const fields& annotations) {
  std::vector<std::string> ranges;
  const auto value = without_blanks(annotations.text(domain::source_ranges_annotation_name));
  if (value.empty())
    return ranges;
  for (std::size_t begin = 0; begin != std::string::npos;) {
    const auto comma = value.find(',', begin);
    ranges.push_back(without_blanks(std::string_view{value}.substr(begin, comma - begin)));
    begin = comma == std::string::npos ? comma : comma + 1;
  }
  return ranges;
}

domain::service_traffic decode_traffic(const fields& spec, const fields& annotations) {
  domain::service_traffic traffic;
  traffic.source_ranges = spec.texts("loadBalancerSourceRanges");
  for (auto& range : traffic.source_ranges)
    range = without_blanks(range);
  if (traffic.source_ranges.empty()) {
    traffic.source_ranges = ranges_of_annotation(annotations);
    traffic.ranges_from_annotation = !traffic.source_ranges.empty();
  }
  traffic.load_balancer_ip = without_blanks(spec.text("loadBalancerIP"));
  traffic.health_check_node_port = spec.small_number("healthCheckNodePort");
  traffic.client_affinity = spec.text("sessionAffinity") == "ClientIP";
  traffic.local_nodes_only = spec.text("externalTrafficPolicy") == "Local";
  return traffic;
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
  service.finalizers = metadata.texts("finalizers");
  if (annotations.has(domain::config_annotation_name))
    service.config_annotation = annotations.text(domain::config_annotation_name);
  service.pool_annotation = annotations.text(domain::pool_annotation_name);
  service.paused = annotations.text(domain::paused_annotation_name) == "true";
  service.type = spec.text("type", "ClusterIP");
  if (spec.has("loadBalancerClass"))
    service.load_balancer_class = spec.text("loadBalancerClass");
  service.ports = decode_ports(spec);
  service.families = decode_families(spec);
  service.traffic = decode_traffic(spec, annotations);
  decode_addresses(status, service);
  service.own_condition = decode_condition(status);
  return service;
}

/// The first InternalIP of each family.
void read_addresses(const fields& status, domain::node& node) {
  status.each_object("addresses", [&node](const fields& entry) {
    if (entry.text("type") != "InternalIP")
      return;
    auto address = entry.text("address");
    if (node.ipv4.empty() && domain::is_ipv4(address)) {
      node.ipv4 = std::move(address);
    } else if (node.ipv6.empty() && domain::is_ipv6(address)) {
      node.ipv6_first = node.ipv4.empty();
      node.ipv6 = std::move(address);
    }
  });
}

domain::node read_node(json_view object) {
  const fields root{object};
  const auto metadata = root.object("metadata");
  const auto status = root.object("status");
  domain::node node;
  node.name = metadata.required_text("name");
  // An empty or false value excludes as well.
  node.excluded = metadata.object("labels").has(domain::exclude_label_name);
  root.object("spec").each_object("taints", [&node](const fields& taint) {
    node.to_be_deleted |= taint.text("key") == domain::deletion_taint_name;
  });
  read_addresses(status, node);
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
