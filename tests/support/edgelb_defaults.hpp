#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace dklb::support {

using pool_json = nlohmann::ordered_json;

/// Adds the defaults of an EdgeLB server. Existing fields, unknown fields and the order stay. A
/// bindPort of 0 gets a port from `free_port` (by frontend name or "stats"), the same each time.
void complete_pool(pool_json& pool,
                   const std::function<int(const std::string& frontend)>& free_port);

/// Why the server refuses a document. Empty if it accepts it.
std::string refuse_pool(const pool_json& pool);

/// The addresses of one instance of a pool.
struct pool_instance {
  std::string private_address;
  std::string public_address; ///< empty on private agents
};

/// The metadata of a pool with these instances, as JSON: one endpoint per frontend, with all
/// addresses. The text is written directly, because pools have thousands of frontends.
std::string metadata_of(const pool_json& pool, const std::vector<pool_instance>& instances);

} // namespace dklb::support
