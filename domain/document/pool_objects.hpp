#pragma once

#include "domain/document/pool_servers.hpp"
#include "domain/pool/pool_plan.hpp"

#include <set>
#include <vector>

namespace dklb::domain {

/// Takes every frontend and backend of `services` out of the pool. True where anything changed.
/// A backend that another frontend still links to stays, with one server that answers nobody:
/// EdgeLB refuses a dangling link and a backend without servers, and a server left in it would send
/// that frontend's traffic to whichever Service gets the nodePort next.
/// Source: docs/decisions/linked-backends-stay.md.
bool erase_objects(const pool_settings& settings, pool_document& pool,
                   const std::set<service_key>& services);

/// Gives each accepted claim exactly its frontends and backends: missing ones are appended, those
/// that differ are put right where they stand, those no longer wanted are taken out. A refused
/// claim keeps what it has in the pool; only its backends follow its node ports and the nodes, so
/// that what worked before goes on. True where anything changed.
bool apply_objects(const pool_settings& settings, pool_servers& servers, pool_document& pool,
                   const std::vector<const pool_claim*>& accepted,
                   const std::vector<const pool_claim*>& refused);

} // namespace dklb::domain
