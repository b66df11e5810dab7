#include "domain/pool/pool_claim.hpp"

#include <nlohmann/json.hpp>

#include <tuple>

namespace dklb::domain {

bool is_cloud(const pool_claim& claim) {
  return !claim.cloud_provider.empty();
}

std::optional<std::string> network_of(const pool_claim& claim) {
  return is_cloud(claim) ? std::optional<std::string>("") : claim.network;
}

configuration_object configuration_of(const pool_claim& claim) {
  configuration_object out{claim, claim.pool, {}};
  if (!claim.cloud_provider.empty())
    out.cloud_provider_configuration = claim.cloud_provider;
  return out;
}

nlohmann::json traffic_to_json(const pool_claim& claim) {
  auto out = nlohmann::json::object();
  const auto& fields = claim.fields;
  if (fields.ranges.limited) {
    auto& ranges = out["sourceRanges"] = fields.ranges.ipv4;
    for (const auto& range : fields.ranges.ipv6)
      ranges.push_back(range);
  }
  if (fields.client_affinity)
    out["sessionAffinity"] = "ClientIP";
  if (fields.local_check_port != 0)
    out["localCheckPort"] = fields.local_check_port;
  std::string keys;
  append_traffic(keys, claim.traffic);
  if (!keys.empty())
    out["keys"] = keys;
  return out;
}

std::optional<creation_strategy> strategy_on_leaving(const std::string& pool,
                                                     const std::vector<const pool_claim*>& claims,
                                                     const std::optional<std::string>& annotation) {
  std::optional<creation_strategy> here;
  std::optional<creation_strategy> elsewhere; // Never, or nothing
  const auto note = [&](const std::string& about, std::optional<creation_strategy> creation) {
    const bool never = creation == creation_strategy::never;
    if (about != pool && never)
      elsewhere = creation;
    else if (about == pool && (never || !here))
      here = creation.value_or(creation_strategy::if_not_present);
  };
  for (const auto* claim : claims)
    if (claim != nullptr)
      note(claim->pool, claim->creation);
  const auto parsed = parse_configuration_object(annotation.value_or(""));
  if (annotation && parsed)
    note(parsed->object.name.value_or(pool), parsed->object.creation);
  return here ? here : elsewhere;
}

bool same_service(const pool_claim& left, const pool_claim& right) {
  return left.service == right.service && left.uid == right.uid;
}

bool precedes(const pool_claim& left, const pool_claim& right) {
  return std::tie(left.creation_timestamp, left.service)
         < std::tie(right.creation_timestamp, right.service);
}

} // namespace dklb::domain
