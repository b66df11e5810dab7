#pragma once

#include "domain/pool_plan.hpp"

#include <string>

namespace dklb::domain {

/// A pool as EdgeLB told it. Most are told to be compared and never looked into, so the document
/// stays text until somebody plans over it.
struct pool_snapshot {
  std::string json; ///< one JSON object
};

pool_document document_of(const pool_snapshot& snapshot);

} // namespace dklb::domain
