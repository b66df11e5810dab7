#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace dklb::support {

using pool_json = nlohmann::ordered_json;

/// Fills in what an EdgeLB server fills in; what is there stays, unknown fields and order included.
/// A bindPort of 0 gets a port from `free_port` (frontend or "stats" by name), the same each time.
void complete_pool(pool_json& pool,
                   const std::function<int(const std::string& frontend)>& free_port);

/// Why the server refuses a document; empty: it does not.
std::string refuse_pool(const pool_json& pool);

/// Where one instance of a pool runs.
struct pool_instance {
  std::string private_address;
  std::string public_address; ///< empty on private agents
};

/// The metadata of a pool with these instances as JSON: one endpoint per frontend, with all
/// addresses. Written as text, because pools have thousands of frontends.
std::string metadata_of(const pool_json& pool, const std::vector<pool_instance>& instances);

} // namespace dklb::support
