#include "domain/service/object_reading.hpp"

#include "domain/base/ip_address.hpp"
#include "domain/service/service.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

namespace dklb::domain {

namespace {

/// The message goes into an event: past this many mistakes it would only be cut.
constexpr std::size_t mistake_limit = 10;

/// The guide long spelled the key so, and the spelling is in use.
constexpr const char* misspelt_constraints = "contraints";

bool valid_port(std::int64_t port) {
  return port >= 1 && port <= 65535;
}

/// Nothing where the port is no number or out of range; the reason is noted.
std::optional<int> read_port(object_reading& state, const yaml_node& node,
                             const std::string& path) {
  const auto port = read_scalar<std::int64_t>(state, node, path);
  if (port && !valid_port(*port))
    state.violations.push_back(std::to_string(*port) + " is not a valid port number");
  return port && valid_port(*port) ? std::optional{static_cast<int>(*port)} : std::nullopt;
}

void read_frontend(object_reading& state, const yaml_node& node, const std::string& path) {
  if (!expect_kind(state, node, path, yaml_kind::mapping))
    return;
  expect_keys(state, node, path, {"port", "servicePort"});
  frontend_mapping entry;
  if (const auto* port = find(node, "port"))
    entry.port = read_port(state, *port, dotted(path, "port"));
  const auto* service_port = find(node, "servicePort");
  if (service_port == nullptr) {
    state.mistakes.push_back({node.line, dotted(path, "servicePort"), "is missing"});
    return;
  }
  if (const auto port = read_port(state, *service_port, dotted(path, "servicePort"))) {
    entry.service_port = *port;
    state.object.frontends.push_back(entry);
  }
}

void read_frontends(object_reading& state, const yaml_node& node) {
  if (!expect_kind(state, node, node.key, yaml_kind::list))
    return;
  for (std::size_t index = 0; index < node.children.size(); ++index)
    read_frontend(state, node.children[index], node.key + "[" + std::to_string(index) + "]");
}

void read_strategies(object_reading& state, const yaml_node& node) {
  if (!expect_kind(state, node, node.key, yaml_kind::mapping))
    return;
  expect_keys(state, node, node.key, {"creation"});
  const auto* creation = find(node, "creation");
  if (creation == nullptr)
    return;
  const auto text = read_scalar<std::string>(state, *creation, dotted(node.key, "creation"));
  if (!text)
    return;
  for (const auto strategy :
       {creation_strategy::if_not_present, creation_strategy::once, creation_strategy::never})
    if (*text == to_string(strategy))
      state.object.creation = strategy;
  if (!state.object.creation)
    state.violations.push_back("failed to parse \"" + *text
                               + "\" as an edgelb pool creation strategy");
}

void read_constraints(object_reading& state, const yaml_node& root) {
  const auto* node = find(root, "constraints");
  const auto* misspelt = find(root, misspelt_constraints);
  if (node != nullptr && misspelt != nullptr) {
    const std::string what = "is the same key as \"constraints\" in line ";
    state.mistakes.push_back({misspelt->line, misspelt->key, what + std::to_string(node->line)});
    return;
  }
  if (misspelt != nullptr) {
    state.warnings.emplace_back(R"("contraints" is read as "constraints"; please correct it)");
    node = misspelt;
  }
  if (node != nullptr)
    state.object.constraints = read_scalar<std::string>(state, *node, node->key);
}

void read_size(object_reading& state, const yaml_node& node) {
  const auto size = read_scalar<std::int64_t>(state, node, node.key);
  if (!size)
    return;
  if (*size <= 0 || *size > std::numeric_limits<std::int32_t>::max())
    state.violations.push_back(std::to_string(*size) + " is not a valid size request");
  else
    state.object.size = static_cast<int>(*size);
}

void read_publish(object_reading& state, const yaml_node& node) {
  const auto text = read_scalar<std::string>(state, node, node.key);
  if (!text)
    return;
  for (const auto kind : {publish_kind::all, publish_kind::public_only, publish_kind::private_only})
    if (*text == to_string(kind))
      state.object.publish = kind;
  if (!state.object.publish)
    state.mistakes.push_back(
      {node.line, node.key, "\"" + *text + "\" is not one of: public, private, all"});
}

void read_address(object_reading& state, const yaml_node& node) {
  const auto text = read_scalar<std::string>(state, node, node.key);
  if (!text)
    return;
  const auto address = canonical_ip(*text);
  if (!address || scope_of(*address) == address_scope::nobody)
    state.mistakes.push_back({node.line, node.key,
                              "\"" + *text
                                + "\" is not the IPv4 or IPv6 address of a machine, such as "
                                  "192.0.2.10; leave the key out to bind every address"});
  else
    state.object.address = *address;
}

void read_object(object_reading& state, const yaml_node& root) {
  expect_keys(state, root, "",
              {"name", "role", "network", "cpus", "memory", "size", "constraints", "frontends",
               "strategies", "publish", "address", "proxyProtocol", "balance", "healthCheck",
               "timeouts", "maxConnections", "drain", "cloudProviderConfiguration"},
              misspelt_constraints);
  auto& object = state.object;
  const auto read = [&](const char* key, auto& target) {
    if (const auto* node = find(root, key))
      target = read_scalar<typename std::remove_reference_t<decltype(target)>::value_type>(
        state, *node, key);
  };
  read("name", object.name);
  read("role", object.role);
  read("network", object.network);
  read("cpus", object.cpus);
  read("memory", object.memory);
  read("cloudProviderConfiguration", object.cloud_provider_configuration);
  read_constraints(state, root);
  if (const auto* size = find(root, "size"))
    read_size(state, *size);
  if (const auto* frontends = find(root, "frontends"))
    read_frontends(state, *frontends);
  if (const auto* strategies = find(root, "strategies"))
    read_strategies(state, *strategies);
  read_traffic(state, root);
  if (const auto* publish = find(root, "publish"))
    read_publish(state, *publish);
  if (const auto* address = find(root, "address"))
    read_address(state, *address);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const auto& text : texts)
    result.append(result.empty() ? "" : "; ").append(text);
  return result;
}

error parse_failure(std::vector<mistake> mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const auto& left, const auto& right) { return left.line < right.line; });
  std::vector<std::string> texts;
  for (const auto& entry : mistakes) {
    if (texts.size() == mistake_limit) {
      texts.push_back("and " + std::to_string(mistakes.size() - mistake_limit) + " more");
      break;
    }
    const auto key = entry.key.empty() ? "" : entry.key + ": ";
    texts.push_back("line " + std::to_string(entry.line) + ": " + key + entry.what);
  }
  std::string message{"failed to parse the value of \""};
  message += config_annotation_name;
  message += "\" as a configuration object: ";
  message += joined(texts);
  return {error_code::invalid, std::move(message), {}, 0};
}

} // namespace

result<parsed_configuration_object> parse_configuration_object(std::string_view yaml) {
  auto document = read_yaml(yaml);
  object_reading state;
  state.mistakes = std::move(document.mistakes);
  read_object(state, document.root);
  if (!state.mistakes.empty())
    return parse_failure(std::move(state.mistakes));
  for (auto& rule : broken_rules(state.object))
    state.violations.push_back(std::move(rule));
  if (!state.violations.empty())
    return error{error_code::invalid, joined(state.violations), {}, 0};
  return parsed_configuration_object{std::move(state.object), std::move(state.warnings)};
}

} // namespace dklb::domain
