#pragma once

#include "tests/domain/support/plan_support.hpp"

#include <rapidcheck.h>

namespace dklb::domain::testing {

/// Any JSON, built from the words of the contract, so that much of it looks like a pool.
rc::Gen<pool_document> any_json();
/// Mesos mode, or nodes mode over nodes of all kinds.
rc::Gen<pool_settings> any_settings();

/// A pool with foreign objects, objects of some Services of this cluster (some damaged), and fields
/// that dklb does not know; all of it in the shape of the contract.
rc::Gen<pool_document> any_pool();

/// Claims of some of the Services `s0`... on ports so few that they meet.
rc::Gen<std::vector<pool_claim>> any_claims();

/// Some of the Services that any_claims() and any_pool() know.
rc::Gen<std::set<service_key>> any_services();

/// A whole input: a pool or none, claims, releases, excluded Services.
rc::Gen<pool_plan_input> any_input();

} // namespace dklb::domain::testing
