#pragma once

#include "edgelb/api/document.hpp"

namespace dklb::edgelb {

/// The name of the section for a pool's statistics. No frontend or backend may have it.
inline constexpr const char* stats_section = "edgelb:stats";
/// The name of the section for HAProxy's exporter.
inline constexpr const char* exporter_section = "edgelb:exporter";

/// Checks the rules between the fields of a completed pool (complete_pool). Refuses what EdgeLB
/// refuses (edgelb/README.md, "What is refused"), and what needs DC/OS. The error is a 400 that
/// names the object and the next step.
domain::result<domain::unit> check_pool(const document& pool);

/// Completes (complete_pool) and checks (check_pool) a pool from a request.
domain::result<document> accept_pool(document given);

} // namespace dklb::edgelb
