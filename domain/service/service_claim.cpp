#include "domain/service/service_plan.hpp"

#include "domain/base/ip_address.hpp"
#include "domain/document/pool_defaults.hpp"
#include "domain/pool/publication.hpp"
#include "domain/service/service_rules.hpp"

#include <algorithm>
#include <set>

namespace dklb::domain {

namespace {

/// The bind port that the object asks for, or the service port itself.
int bind_port_of(const configuration_object& object, int service_port) {
  for (const auto& entry : object.frontends)
    if (entry.service_port == service_port)
      return entry.port.value_or(service_port);
  return service_port;
}

std::vector<std::string> dropped_entries(const service& service,
                                         const configuration_object& object) {
  std::vector<std::string> warnings;
  if (has_cloud_provider(object)) {
    const std::string reason = R"(" is ignored because "cloudProviderConfiguration" is set)";
    if (!object.frontends.empty())
      warnings.push_back("\"frontends" + reason);
    if (!object.network.value_or("").empty())
      warnings.push_back("\"network" + reason);
    if (!object.address.empty())
      warnings.push_back("\"address" + reason);
    if (!service.traffic.load_balancer_ip.empty())
      warnings.push_back("\"spec.loadBalancerIP" + reason);
    return warnings;
  }
  for (const auto& entry : object.frontends) {
    const auto has_port = [&](const service_port& port) {
      return is_served(port) && port.port == entry.service_port;
    };
    if (std::none_of(service.ports.begin(), service.ports.end(), has_port))
      warnings.push_back("the entry of \"frontends\" for service port "
                         + std::to_string(entry.service_port)
                         + " is ignored because the Service has no such port");
  }
  return warnings;
}

error not_valid(std::string message) {
  return {error_code::invalid, std::move(message), {}, 0};
}

/// Of the ports that are not served: told, and not dropped without a word.
std::string skipped_text(const service_port& port) {
  return describe(port) + " is not served: only TCP is supported";
}

} // namespace

result<std::string> address_of(const service& service, const configuration_object& object) {
  if (has_cloud_provider(object))
    return std::string{};
  const auto& asked = service.traffic.load_balancer_ip;
  auto address = object.address;
  if (!asked.empty()) {
    const auto usual = canonical_ip(asked);
    if (!usual || scope_of(*usual) == address_scope::nobody)
      return not_valid(
        "spec.loadBalancerIP \"" + asked
        + "\" is not the IPv4 or IPv6 address of a machine: correct it, or leave it out "
          "to bind every address");
    if (!address.empty() && address != *usual)
      return not_valid("spec.loadBalancerIP asks for the address " + *usual
                       + ", and \"address\" in the annotation for " + address
                       + ": leave one of them out");
    address = *usual;
  }
  if (!address.empty() && !publication{service.families, {}, {}}.wants_family(address))
    return not_valid("the address " + address + " is not of the Service's ipFamilies: ask for an "
                     + (is_ipv4(address) ? "IPv6" : "IPv4")
                     + " address, or change spec.ipFamilies");
  return address;
}

configuration_object with_defaults(const configuration_object& object,
                                   const service_settings& settings) {
  auto full = object;
  full.role = object.role.value_or(public_role);
  if (has_cloud_provider(object))
    full.network = "";
  else if (!object.network)
    full.network = *full.role == public_role ? "" : default_network;
  full.cpus = object.cpus.value_or(default_cpus);
  full.memory = object.memory.value_or(default_memory);
  full.size = object.size.value_or(settings.default_size);
  full.creation = object.creation.value_or(creation_strategy::if_not_present);
  return full;
}

result<claim_pool_part> make_claim(const service& service, const configuration_object& object) {
  const bool cloud = has_cloud_provider(object);
  pool_claim claim;
  static_cast<pool_wishes&>(claim) = object;
  claim.service = service.key;
  claim.uid = service.uid;
  claim.creation_timestamp = service.creation_timestamp;
  claim.pool = object.name.value_or("");
  claim.cloud_provider = object.cloud_provider_configuration.value_or("");
  // Only `Once` asks for it; a claim that changed with each status write would wake its pool.
  claim.had_address = claim.creation == creation_strategy::once && !service.addresses.empty();
  claim.paused = service.paused;
  claim.families = service.families;
  claim.fields = fields_of(service);
  auto address = address_of(service, object);
  if (!address)
    return std::move(address.failure());
  claim.bind_address = std::move(*address);
  claim_pool_part part;
  std::set<int> bound;
  claim.ports.reserve(service.ports.size());
  for (const auto& port : service.ports) {
    if (!is_served(port)) {
      part.remarks.push_back(skipped_text(port));
      continue;
    }
    const auto bind_port = cloud ? 0 : bind_port_of(object, port.port);
    if (!cloud && !bound.insert(bind_port).second)
      return not_valid("frontend port " + std::to_string(bind_port) + " has been specified twice");
    claim.ports.push_back({port.port, port.node_port, bind_port});
  }
  part.warnings = dropped_entries(service, object);
  if (shuts_everybody_out(claim))
    part.warnings.push_back(shut_out_text(service));
  part.claim = std::make_shared<const pool_claim>(std::move(claim));
  return part;
}

} // namespace dklb::domain
