#include "domain/pool_claim.hpp"

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

bool same_service(const pool_claim& left, const pool_claim& right) {
  return left.service == right.service && left.uid == right.uid;
}

bool precedes(const pool_claim& left, const pool_claim& right) {
  return std::tie(left.creation_timestamp, left.service)
         < std::tie(right.creation_timestamp, right.service);
}

} // namespace dklb::domain
