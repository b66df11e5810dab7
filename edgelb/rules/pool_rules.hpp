#pragma once

#include "edgelb/api/document.hpp"

namespace dklb::edgelb {

/// The name of the section that serves a pool's statistics; no frontend or backend may have it.
inline constexpr const char* stats_section = "edgelb:stats";

/// What must hold between the fields of a completed pool (complete_pool) before it can be rendered:
/// what EdgeLB refuses (edgelb/README.md, "What is refused"), and what needs DC/OS. The
/// error is a 400 that names the object and the next step.
domain::result<domain::unit> check_pool(const document& pool);

/// A pool as it came, completed (complete_pool) and checked.
domain::result<document> accept_pool(document given);

} // namespace dklb::edgelb
