#pragma once

#include "domain/pool/pool_plan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// What a plan changes, for people.
struct pool_changes {
  std::vector<std::string> lines; ///< one a change
  bool section = false;           ///< true where a part of the pool section changes
};

/// The changes from `before` to `after`, a plan's result for the same pool. Only what dklb may edit
/// is compared: the pool section, and the objects of this cluster.
pool_changes changes_between(std::string_view cluster, const pool_document& before,
                             const pool_document& after);

/// The changes that create `pool`.
std::vector<std::string> changes_of_creation(const pool_document& pool);

} // namespace dklb::domain
