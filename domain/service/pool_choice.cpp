#include "domain/service/pool_choice.hpp"

#include "domain/base/names.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace dklb::domain {

namespace {

/// Every cloud-provider pool's name starts so; a generated one has the dashes as well.
constexpr std::string_view cloud_name_start = "cloud";
constexpr std::string_view cloud_name_prefix = "cloud--";

/// With 36^5 suffixes this many taken candidates mean that something else is wrong.
constexpr int name_attempts = 100;

pool_holders holders_of(const service_plan_input& input, const std::string& pool) {
  return input.holders ? input.holders(pool) : pool_holders{};
}

bool exists(const service_plan_input& input, const std::string& pool) {
  return input.pool_exists && input.pool_exists(pool);
}

} // namespace

bool fits(const std::string& pool, const configuration_object& object) {
  return valid_pool_name(pool)
         && (!has_cloud_provider(object) || pool.starts_with(cloud_name_start));
}

bool needs_generated_name(const configuration_object& object) {
  return !object.name || !fits(*object.name, object);
}

std::optional<std::string> named_pool(const service& service, const configuration_object& object) {
  if (!needs_generated_name(object))
    return object.name;
  if (fits(service.pool_annotation, object))
    return service.pool_annotation;
  return std::nullopt;
}

std::optional<std::string> chosen_name(const service_plan_input& input,
                                       const configuration_object& object, bool served) {
  const auto& accepted = input.accepted;
  // Adding a cloud provider always means a pool of its own.
  const bool moves = accepted && has_cloud_provider(object) && !has_cloud_provider(*accepted);
  if (accepted && !moves)
    return accepted->name;
  const auto usable = [&](const std::string& name) {
    return fits(name, object) && !(moves && name == accepted->name);
  };
  if (usable(input.claimed))
    return input.claimed;
  const auto& said = input.object->pool_annotation;
  const auto holders = usable(said) ? holders_of(input, said) : pool_holders{};
  if (holders.this_service)
    return said;
  if (served && input.held) {
    const auto held = input.held();
    if (const auto found = std::ranges::find_if(held, usable); found != held.end())
      return *found;
  }
  // A copied manifest must not put two Services into one pool by accident.
  const bool copied = holders.others || (!served && exists(input, said));
  return usable(said) && !copied ? std::optional{said} : std::nullopt;
}

std::optional<std::string> pool_before_renaming(const service_plan_input& input,
                                                const configuration_object& object) {
  const auto& said = input.object->pool_annotation;
  const bool renamed = object.name && fits(said, object) && said != *object.name
                       && holders_of(input, said).this_service
                       && !holders_of(input, *object.name).this_service;
  return renamed ? std::optional{said} : std::nullopt;
}

bool known_as_its_pool(const service_plan_input& input, const std::string& pool) {
  return (input.accepted && input.accepted->name == pool) || input.claimed == pool
         || holders_of(input, pool).this_service;
}

pool_holders holders_among(const pool_owners& owners, const service_key& service) {
  pool_holders out;
  if (!owners)
    return out;
  for (const auto& owner : *owners)
    (owner == service ? out.this_service : out.others) = true;
  return out;
}

std::optional<std::string> new_name(const configuration_object& object,
                                    const service_settings& settings,
                                    const service_plan_input& input) {
  const auto prefix = has_cloud_provider(object) ? cloud_name_prefix : std::string_view{};
  for (int attempt = 0; attempt < name_attempts; ++attempt) {
    auto candidate = generated_pool_name(prefix, settings.cluster, input.suffix());
    if (!exists(input, candidate))
      return candidate;
  }
  return std::nullopt;
}

} // namespace dklb::domain
