#pragma once

#include "domain/pool/pool_plan.hpp"

#include <cstdint>
#include <string>

namespace dklb::domain {

/// A pool as EdgeLB told it. Most snapshots are only compared, so the document stays text, which
/// takes a fraction of a tree's memory.
struct pool_snapshot {
  std::string json; ///< one JSON object
  /// A hash of the document. The order of keys does not matter. For use within one process.
  std::uint64_t digest = 0;
};

/// `document` has to be valid UTF-8, as everything that read_document() returns is.
pool_snapshot snapshot_of(const pool_document& document);
pool_document document_of(const pool_snapshot& snapshot);

} // namespace dklb::domain
