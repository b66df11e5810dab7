#include "domain/service/service_rules.hpp"

#include "domain/base/ip_address.hpp"
#include "domain/text/utf8.hpp"
#include "domain/text/yaml_reader.hpp"

#include <algorithm>
#include <string_view>

namespace dklb::domain {

namespace {

/// More wrong ranges than these are only counted, because the message goes into an event.
constexpr std::size_t ranges_named = 5;

/// No range is as long as this.
constexpr std::size_t longest_entry = 64;

using texts = std::vector<std::string>;

/// Where the ranges stand.
std::string ranges_key(const service& service) {
  if (service.traffic.ranges_from_annotation)
    return std::string{"the annotation \""} + source_ranges_annotation_name + "\"";
  return "spec.loadBalancerSourceRanges";
}

bool is_address(const std::string& text) {
  return is_ipv4(text) || is_ipv6(text);
}

void check_ranges(const service& service, texts& problems) {
  const auto& entries = service.traffic.source_ranges;
  const auto key = ranges_key(service);
  if (entries.size() > source_range_limit) {
    problems.push_back(key + " has " + std::to_string(entries.size()) + " ranges: write at most "
                       + std::to_string(source_range_limit)
                       + ", larger ones in place of many small ones");
    return;
  }
  const auto wrong = parse_source_ranges(entries).unreadable;
  for (std::size_t number = 0; number < std::min(wrong.size(), ranges_named); ++number) {
    const auto& entry = wrong[number];
    auto problem = key + ": \"" + visible(entry, longest_entry) + "\" is no range: write ";
    if (is_address(entry))
      problem += "\"" + entry + (is_ipv4(entry) ? "/32" : "/128") + "\" for this one address";
    else
      problem += "an address and the length of its prefix, such as \"10.0.0.0/8\"";
    problems.push_back(std::move(problem));
  }
  if (wrong.size() > ranges_named)
    problems.push_back(key + ": and " + std::to_string(wrong.size() - ranges_named)
                       + " more that are no range");
}

/// The place of a key of the configuration object, for people: `line 3: balance`.
std::string place_of_key(const service& service, std::string_view parent, std::string_view key) {
  const auto document = read_yaml(service.config_annotation.value_or(""));
  const auto* node = find(document.root, parent.empty() ? key : parent);
  if (node != nullptr && !parent.empty())
    node = find(*node, key);
  const auto place = node == nullptr ? std::string{} : "line " + std::to_string(node->line) + ": ";
  return "\"" + std::string{config_annotation_name} + "\": " + place + dotted(parent, key);
}

void check_affinity(const service& service, const configuration_object& object, texts& problems) {
  const auto balance = object.traffic.balance;
  if (!service.traffic.client_affinity || !balance || *balance == balance_rule::source)
    return;
  problems.push_back(place_of_key(service, "", "balance") + ": \"" + to_string(*balance)
                     + "\" contradicts spec.sessionAffinity ClientIP, which sends each client to "
                       "one server: leave the key out, or set spec.sessionAffinity to None");
}

/// The nodes' own answer decides with Local; how often it is asked for is free to choose.
void check_local_check(const service& service, const configuration_object& object,
                       texts& problems) {
  const auto& check = object.traffic.health_check;
  const auto refuse = [&](const char* key, bool given) {
    if (given)
      problems.push_back(
        place_of_key(service, "healthCheck", key)
        + ": contradicts spec.externalTrafficPolicy Local, where each node is asked whether it "
          "has a pod of the Service: leave the key out, or set spec.externalTrafficPolicy to "
          "Cluster");
  };
  refuse("type", check.type.has_value());
  refuse("path", check.path.has_value());
  refuse("port", check.port.has_value());
}

} // namespace

std::vector<std::string> field_problems(const service_settings& settings, const service& service,
                                        const configuration_object& object) {
  texts problems;
  if (service.traffic == service_traffic{})
    return problems;
  check_ranges(service, problems);
  check_affinity(service, object, problems);
  if (settings.nodes_are_servers && service.traffic.local_nodes_only)
    check_local_check(service, object, problems);
  return problems;
}

claimed_fields fields_of(const service& service) {
  const auto& traffic = service.traffic;
  return {parse_source_ranges(traffic.source_ranges).ranges, traffic.client_affinity,
          traffic.local_nodes_only ? traffic.health_check_node_port : 0};
}

bool shuts_everybody_out(const pool_claim& claim) {
  const auto& ranges = claim.fields.ranges;
  const bool ipv4 = serves_ipv4(claim.families) && !ranges.ipv4.empty();
  const bool ipv6 = serves_ipv6(claim.families) && !ranges.ipv6.empty();
  return ranges.limited && !ipv4 && !ipv6;
}

std::string shut_out_text(const service& service) {
  return ranges_key(service)
         + " has no range of a family in spec.ipFamilies, so no client is let in: add one";
}

} // namespace dklb::domain
