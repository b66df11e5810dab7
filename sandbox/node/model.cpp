#include "sandbox/node/model.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace dklb::sandbox {
namespace {

using nlohmann::json;

/// A member that may be absent or null.
template <class T>
T read(const json& object, const char* key, T fallback = {}) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? fallback : found->get<T>();
}

const json& member(const json& object, const char* key) {
  static const json none = json::object();
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? none : *found;
}

bool is_tcp(const json& port) {
  return read<std::string>(port, "protocol", "TCP") == "TCP";
}

container read_container(const json& object) {
  container result;
  result.name = object.at("name").get<std::string>();
  result.image = read<std::string>(object, "image");
  result.arguments = read<std::vector<std::string>>(object, "args");
  result.has_command = !member(object, "command").empty();
  for (const json& port : member(object, "ports")) {
    if (is_tcp(port)) {
      result.ports.push_back(
        {read<std::string>(port, "name"), port.at("containerPort").get<int>()});
    }
  }
  return result;
}

pod read_pod(const json& object) {
  const json& metadata = object.at("metadata");
  const json& spec = member(object, "spec");
  pod result;
  result.name_space = metadata.at("namespace").get<std::string>();
  result.name = metadata.at("name").get<std::string>();
  result.uid = read<std::string>(metadata, "uid");
  result.labels = read<label_map>(metadata, "labels");
  result.deleting = metadata.contains("deletionTimestamp");
  result.grace = read<int>(metadata, "deletionGracePeriodSeconds", result.grace);
  result.node = read<std::string>(spec, "nodeName");
  result.scheduler = read<std::string>(spec, "schedulerName", "default-scheduler");
  result.node_selector = read<label_map>(spec, "nodeSelector");
  result.has_init_containers = !member(spec, "initContainers").empty();
  result.address = read<std::string>(member(object, "status"), "podIP");
  for (const json& item : member(spec, "containers")) {
    result.containers.push_back(read_container(item));
  }
  return result;
}

target_port read_target(const json& port) {
  const auto found = port.find("targetPort");
  if (found == port.end() || *found == 0) {
    return port.at("port").get<int>();
  }
  if (found->is_string()) {
    return found->get<std::string>();
  }
  return found->get<int>();
}

service read_service(const json& object) {
  const json& metadata = object.at("metadata");
  const json& spec = member(object, "spec");
  service result;
  result.name_space = metadata.at("namespace").get<std::string>();
  result.name = metadata.at("name").get<std::string>();
  result.selector = read<label_map>(spec, "selector");
  const auto type = read<std::string>(spec, "type");
  result.has_node_ports = type == "NodePort" || type == "LoadBalancer";
  result.local_only = read<std::string>(spec, "externalTrafficPolicy") == "Local";
  const auto families = read<std::vector<std::string>>(spec, "ipFamilies", {"IPv4"});
  const auto has = [&](const char* family) {
    return std::find(families.begin(), families.end(), family) != families.end();
  };
  result.ipv4 = has("IPv4");
  result.ipv6 = has("IPv6");
  result.health_check_port = read<int>(spec, "healthCheckNodePort");
  for (const json& port : member(spec, "ports")) {
    if (is_tcp(port)) {
      result.ports.push_back({read<int>(port, "nodePort"), read_target(port)});
    }
  }
  return result;
}

template <class T, class Read>
domain::result<T> decode(const json& object, Read read_object) {
  try {
    return read_object(object);
  } catch (const json::exception& failure) {
    return domain::error{domain::error_code::malformed, failure.what(), {}, 0};
  }
}

} // namespace

std::string key_of(const json& object) {
  const json& metadata = member(object, "metadata");
  return read<std::string>(metadata, "namespace") + "/" + read<std::string>(metadata, "name");
}

domain::result<pod> decode_pod(const json& object) {
  return decode<pod>(object, read_pod);
}

domain::result<service> decode_service(const json& object) {
  return decode<service>(object, read_service);
}

bool selects(const label_map& selector, const label_map& labels) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

} // namespace dklb::sandbox
