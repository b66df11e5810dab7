#include "domain/service/configuration_object.hpp"

#include "domain/text/yaml_value.hpp"

namespace dklb::domain {

namespace {

void append_line(std::string& text, std::string_view key, std::string_view value) {
  text.append(key).append(": ").append(value).append("\n");
}

void append_text(std::string& text, std::string_view key, const std::optional<std::string>& value) {
  if (value)
    append_line(text, key, yaml_scalar(*value));
}

template <class Integer>
void append_integer(std::string& text, std::string_view key, const std::optional<Integer>& value) {
  if (value)
    append_line(text, key, std::to_string(*value));
}

} // namespace

bool has_cloud_provider(const configuration_object& object) {
  return !object.cloud_provider_configuration.value_or("").empty();
}

const char* to_string(creation_strategy strategy) {
  switch (strategy) {
  case creation_strategy::if_not_present:
    return "IfNotPresent";
  case creation_strategy::once:
    return "Once";
  case creation_strategy::never:
    return "Never";
  }
  return "IfNotPresent";
}

const char* to_string(publish_kind kind) {
  switch (kind) {
  case publish_kind::all:
    return "all";
  case publish_kind::public_only:
    return "public";
  case publish_kind::private_only:
    return "private";
  }
  return "all";
}

std::string render_configuration_object(const configuration_object& object) {
  std::string text;
  append_text(text, "name", object.name);
  append_text(text, "role", object.role);
  append_text(text, "network", object.network);
  append_integer(text, "size", object.size);
  if (object.cpus)
    append_line(text, "cpus", yaml_scalar(*object.cpus));
  append_integer(text, "memory", object.memory);
  append_text(text, "constraints", object.constraints);
  if (!object.frontends.empty())
    text += "frontends:\n";
  for (const auto& entry : object.frontends) {
    if (entry.port)
      append_line(text, "- port", std::to_string(*entry.port));
    append_line(text, entry.port ? "  servicePort" : "- servicePort",
                std::to_string(entry.service_port));
  }
  if (object.creation) {
    text += "strategies:\n";
    append_line(text, "  creation", to_string(*object.creation));
  }
  append_traffic(text, object.traffic);
  if (object.publish)
    append_line(text, "publish", to_string(*object.publish));
  if (!object.address.empty())
    append_line(text, "address", yaml_scalar(object.address));
  append_text(text, "cloudProviderConfiguration", object.cloud_provider_configuration);
  return text;
}

std::optional<std::string> forbidden_change(const configuration_object& before,
                                            const configuration_object& after) {
  if (has_cloud_provider(before) && !has_cloud_provider(after))
    return "the cloud-provider configuration cannot be removed";
  // Adding one always means a new pool of its own, so nothing of the old pool binds the new one.
  if (!has_cloud_provider(before) && has_cloud_provider(after))
    return std::nullopt;
  if (before.name != after.name)
    return "the name of the target edgelb pool cannot be changed";
  if (before.role != after.role)
    return "the role of the target edgelb pool cannot be changed";
  if (before.network != after.network)
    return "the virtual network of the target edgelb pool cannot be changed";
  return std::nullopt;
}

} // namespace dklb::domain
