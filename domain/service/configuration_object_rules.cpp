#include "domain/service/configuration_object.hpp"

#include "domain/base/names.hpp"
#include "domain/document/pool_defaults.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <set>

namespace dklb::domain {

namespace {

/// EdgeLB keeps memory in 32 bits.
constexpr std::int64_t memory_limit = std::numeric_limits<std::int32_t>::max();

using texts = std::vector<std::string>;

void check_name_and_requests(const configuration_object& object, texts& broken) {
  if (object.name && !valid_pool_name(*object.name))
    broken.push_back("\"" + *object.name + "\" is not a valid edgelb pool name");
  if (object.role && object.role->empty())
    broken.emplace_back("\"\" is not a valid role");
  if (object.cpus && *object.cpus < 0)
    broken.push_back(std::to_string(*object.cpus) + " is not a valid cpu request");
  if (object.memory && (*object.memory < 0 || *object.memory > memory_limit))
    broken.push_back(std::to_string(*object.memory) + " is not a valid memory request");
  if (object.size && *object.size <= 0)
    broken.push_back(std::to_string(*object.size) + " is not a valid size request");
}

void check_network(const configuration_object& object, texts& broken) {
  const auto role = object.role.value_or(public_role);
  if (!object.network || role.empty())
    return;
  const bool host_network = object.network->empty();
  if (role == public_role && !host_network)
    broken.push_back("cannot join a virtual network when the pool's role is \"" + role + "\"");
  if (role != public_role && host_network)
    broken.push_back("cannot join the host network when the pool's role is \"" + role + "\"");
}

void check_frontends(const configuration_object& object, texts& broken) {
  std::set<int> service_ports;
  std::set<int> bind_ports;
  for (const auto& entry : object.frontends) {
    const auto bind_port = entry.port.value_or(entry.service_port);
    const auto twice = [](int port) { return std::to_string(port) + " has been specified twice"; };
    if (!service_ports.insert(entry.service_port).second)
      broken.push_back("service port " + twice(entry.service_port));
    else if (!bind_ports.insert(bind_port).second)
      broken.push_back("frontend port " + twice(bind_port));
  }
}

void check_cloud_provider(const std::string& text, texts& broken) {
  const std::string not_valid = "the cloud-provider configuration is not valid: ";
  try {
    if (!nlohmann::json::parse(text).is_object())
      broken.push_back(not_valid + "it must be a JSON object");
  } catch (const nlohmann::json::exception& failure) {
    const std::string what = failure.what();
    // The library's own label, "[json.exception.parse_error.101] ", says nothing to a user.
    const auto label_end = what.find("] ");
    broken.push_back(not_valid
                     + (label_end == std::string::npos ? what : what.substr(label_end + 2)));
  }
}

} // namespace

std::vector<std::string> broken_rules(const configuration_object& object) {
  texts broken;
  check_name_and_requests(object, broken);
  // A cloud-provider pool has no network and picks its own ports: both keys are ignored.
  if (has_cloud_provider(object)) {
    check_cloud_provider(*object.cloud_provider_configuration, broken);
    return broken;
  }
  check_network(object, broken);
  check_frontends(object, broken);
  return broken;
}

} // namespace dklb::domain
