#pragma once

#include "domain/pool/pool_plan.hpp"

namespace dklb::domain {

/// Puts `desired` over `current`: every value that `desired` sets is put right, everything else
/// stays as it is, so that neither a server's default nor a field that a person added causes a
/// write. Arrays of the same length are compared item by item, others are replaced. An empty object
/// is content with an absent one. True where anything changed.
/// Source: docs/decisions/0002-overlay-comparison.md.
bool overlay(pool_document& current, const pool_document& desired);

} // namespace dklb::domain
