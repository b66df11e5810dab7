#include "tests/support/kube/kube_rules.hpp"

#include <arpa/inet.h>

#include <array>
#include <regex>

namespace dklb::support {

using nlohmann::json;

namespace {

bool ip_address(const std::string& text) {
  std::array<unsigned char, 16> buffer{};
  return ::inet_pton(AF_INET, text.c_str(), buffer.data()) == 1
         || ::inet_pton(AF_INET6, text.c_str(), buffer.data()) == 1;
}

bool wants_node_ports(const json& spec) {
  const auto type = spec.value("type", "ClusterIP");
  return type == "NodePort"
         || (type == "LoadBalancer" && spec.value("allocateLoadBalancerNodePorts", true));
}

bool may_have_node_ports(const json& spec) {
  const auto type = spec.value("type", "ClusterIP");
  return type == "NodePort" || type == "LoadBalancer";
}

/// The node port that the old object has for a port, 0 where it has none.
int old_node_port(const json* old, const json& port) {
  if (old == nullptr || !may_have_node_ports((*old)["spec"]))
    return 0;
  for (const auto& entry : (*old)["spec"]["ports"]) {
    if (entry["port"] == port["port"] && entry["protocol"] == port["protocol"])
      return entry.value("nodePort", 0);
  }
  return 0;
}

void complete_ports(json& spec, const json* old, node_port_allocator& allocator) {
  for (auto& port : spec["ports"]) {
    port["protocol"] = port.value("protocol", "TCP");
    if (!port.contains("targetPort"))
      port["targetPort"] = port.value("port", 0);
    if (!may_have_node_ports(spec)) {
      port.erase("nodePort");
      continue;
    }
    if (port.value("nodePort", 0) == 0) {
      port.erase("nodePort");
      if (const int before = old_node_port(old, port); before != 0)
        port["nodePort"] = before;
      else if (wants_node_ports(spec))
        port["nodePort"] = allocator.allocate();
    }
    if (port.contains("nodePort"))
      allocator.take(port["nodePort"].get<int>());
  }
}

/// Gives back the node ports that the new object no longer has.
void release_ports(const json& spec, const json& old, node_port_allocator& allocator) {
  for (const auto& before : old["spec"].value("ports", json::array())) {
    const int number = before.value("nodePort", 0);
    const auto& now = spec["ports"];
    const bool kept = std::any_of(now.begin(), now.end(), [&](const json& port) {
      return port.value("nodePort", 0) == number;
    });
    if (number != 0 && !kept)
      allocator.release(number);
  }
}

std::string cluster_address(const json& metadata) {
  const auto number = std::stoull(metadata.value("uid", "0").substr(24), nullptr, 16);
  return "10.96." + std::to_string(number / 254 % 254) + "." + std::to_string(number % 254 + 1);
}

void complete_service(json& object, const json* old, node_port_allocator& allocator) {
  auto& spec = object["spec"];
  if (!spec.is_object())
    spec = json::object();
  spec["type"] = spec.value("type", "ClusterIP");
  if (!spec.contains("ports") || !spec["ports"].is_array())
    spec["ports"] = json::array();
  if (!spec.contains("clusterIP") && spec["type"] != "ExternalName") {
    spec["clusterIP"] = cluster_address(object["metadata"]);
    spec["clusterIPs"] = json::array({spec["clusterIP"]});
    spec["ipFamilies"] = json::array({"IPv4"});
    spec["ipFamilyPolicy"] = "SingleStack";
  }
  spec["sessionAffinity"] = spec.value("sessionAffinity", "None");
  spec["internalTrafficPolicy"] = spec.value("internalTrafficPolicy", "Cluster");
  if (spec["type"] == "LoadBalancer") {
    spec["allocateLoadBalancerNodePorts"] = spec.value("allocateLoadBalancerNodePorts", true);
    spec["externalTrafficPolicy"] = spec.value("externalTrafficPolicy", "Cluster");
  }
  complete_ports(spec, old, allocator);
  if (old != nullptr)
    release_ports(spec, *old, allocator);
  if (!object.contains("status") || !object["status"].is_object())
    object["status"] = json::object();
  auto& balancer = object["status"]["loadBalancer"];
  if (!balancer.is_object())
    balancer = json::object();
  if (balancer.contains("ingress") && balancer["ingress"].is_array()) {
    for (auto& entry : balancer["ingress"]) {
      if (entry.is_object() && !entry.value("ip", "").empty() && !entry.contains("ipMode"))
        entry["ipMode"] = "VIP";
    }
  }
}

std::optional<std::string> refuse_condition(const json& condition) {
  static const std::regex reason_form("[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?");
  static const std::regex time_form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)");
  static const std::regex type_form(
    "([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?");
  if (!condition.is_object() || !std::regex_match(condition.value("type", ""), type_form))
    return "status.conditions[].type: Invalid value";
  const auto status = condition.value("status", "");
  if (status != "True" && status != "False" && status != "Unknown")
    return "status.conditions[].status: Unsupported value: \"" + status + "\"";
  if (!std::regex_match(condition.value("reason", ""), reason_form))
    return "status.conditions[].reason: Invalid value: \"" + condition.value("reason", "") + "\"";
  if (!std::regex_match(condition.value("lastTransitionTime", ""), time_form))
    return "status.conditions[].lastTransitionTime: Required value";
  if (condition.value("message", "").size() > 32768)
    return "status.conditions[].message: Too long: may not be more than 32768 bytes";
  return std::nullopt;
}

std::optional<std::string> refuse_status(const json& status) {
  for (const auto& entry : status["loadBalancer"].value("ingress", json::array())) {
    const auto ip = entry.value("ip", "");
    if (ip.empty() && entry.value("hostname", "").empty())
      return "status.loadBalancer.ingress[0]: Invalid value: must specify `ip` or `hostname`";
    if (!ip.empty() && !ip_address(ip))
      return "status.loadBalancer.ingress[0].ip: Invalid value: \"" + ip
             + "\": must be a valid IP address";
    if (ip.empty() && entry.contains("ipMode"))
      return "status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is "
             "not set";
  }
  std::set<std::string> types;
  for (const auto& condition : status.value("conditions", json::array())) {
    if (auto why = refuse_condition(condition))
      return why;
    if (!types.insert(condition.value("type", "")).second)
      return "status.conditions: Duplicate value";
  }
  return std::nullopt;
}

std::optional<std::string> refuse_service(const json& object) {
  const auto& spec = object["spec"];
  if (spec["ports"].empty() && spec["type"] != "ExternalName"
      && spec.value("clusterIP", "") != "None")
    return "spec.ports: Required value";
  for (const auto& port : spec["ports"]) {
    const auto number = port.value("port", 0);
    if (number < 1 || number > 65535)
      return "spec.ports[].port: Invalid value: " + std::to_string(number);
    if (port.contains("nodePort") && port["nodePort"] == 0)
      return "spec.ports[].nodePort: range is full";
  }
  return refuse_status(object["status"]);
}

std::optional<std::string> refuse_event(const json& event) {
  const auto within = [&](const char* key, std::size_t most, bool required) {
    const auto text = event.value(key, "");
    return text.size() <= most && (!required || !text.empty());
  };
  const bool modern = event.contains("eventTime") && !event["eventTime"].is_null();
  const auto& about = event.contains("regarding")        ? event["regarding"]
                      : event.contains("involvedObject") ? event["involvedObject"]
                                                         : event["metadata"];
  if (about.value("namespace", "default") != event["metadata"].value("namespace", ""))
    return "involvedObject.namespace: Invalid value: does not match event.namespace";
  if (!modern)
    return event.contains("regarding") ? std::optional<std::string>("eventTime: Required value")
                                       : std::nullopt;
  const auto controller =
    event.contains("reportingController") ? "reportingController" : "reportingComponent";
  if (!within(controller, 253, true))
    return "reportingController: Required value";
  if (!within("reportingInstance", 128, true))
    return "reportingInstance: Invalid value: 1 to 128 characters";
  if (!within("action", 128, true))
    return "action: Invalid value: 1 to 128 characters";
  if (!within("reason", 128, true))
    return "reason: Invalid value: 1 to 128 characters";
  if (!within("note", 1024, false) || !within("message", 1024, false))
    return "message: can have at most 1024 characters";
  const auto type = event.value("type", "");
  if (type != "Normal" && type != "Warning")
    return "type: Invalid value: \"" + type + "\"";
  return std::nullopt;
}

} // namespace

void node_port_allocator::set_range(int first, int last) {
  first_ = next_ = first;
  last_ = last;
}

int node_port_allocator::allocate() {
  for (int tries = first_; tries <= last_; ++tries) {
    const int port = next_;
    next_ = next_ == last_ ? first_ : next_ + 1;
    if (taken_.insert(port).second)
      return port;
  }
  return 0;
}

kube_rules service_rules(std::shared_ptr<node_port_allocator> ports) {
  return {[ports](json& object, const json* old) { complete_service(object, old, *ports); },
          refuse_service};
}

kube_rules event_rules() {
  return {nullptr, refuse_event};
}

} // namespace dklb::support
