#pragma once

#include "domain/pool/pool_plan.hpp"

#include <cstdint>
#include <string>

namespace dklb::domain {

/// A pool as EdgeLB told it. Most are told to be compared and never looked into, so the document
/// stays text until somebody plans over it.
struct pool_snapshot {
  std::string json; ///< one JSON object
  /// Equal for equal documents, whatever the order of their keys.
  std::uint64_t digest = 0;
};

pool_document document_of(const pool_snapshot& snapshot);

} // namespace dklb::domain
