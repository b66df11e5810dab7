#include "domain/pool_claim.hpp"

#include <tuple>

namespace dklb::domain {

bool same_service(const pool_claim& left, const pool_claim& right) {
  return left.service == right.service && left.uid == right.uid;
}

bool precedes(const pool_claim& left, const pool_claim& right) {
  return std::tie(left.creation_timestamp, left.service)
         < std::tie(right.creation_timestamp, right.service);
}

} // namespace dklb::domain
