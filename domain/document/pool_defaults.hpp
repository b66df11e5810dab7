#pragma once

#include <cstdint>

namespace dklb::domain {

/// What a new pool gets where nobody says otherwise (docs/guide.md, "The configuration object").
/// The size is a setting: `pools.defaultSize`.
inline constexpr double default_cpus = 0.1;
inline constexpr std::int64_t default_memory = 128; ///< MB

/// The role of public agents, whose pools are always on the host network.
inline constexpr const char* public_role = "slave_public";

/// The virtual network of a pool with any other role.
inline constexpr const char* default_network = "dcos";

} // namespace dklb::domain
