#pragma once

#include "edgelb/api/document.hpp"

#include <map>
#include <string>

namespace dklb::edgelb {

/// The table of `edgelb-local list`: NAME APIVERSION COUNT ROLE PORTS, one line a pool. PORTS has
/// the port of the statistics and of each frontend; one that was asked for as 0 is looked up in the
/// pool's metadata (by pool name; those that are missing show 0).
std::string pool_table(const document& pools, const std::map<std::string, document>& metadata);

/// Asks a server and makes the table. `token` may be empty.
domain::result<std::string> list_pools(const std::string& url, const std::string& token);

} // namespace dklb::edgelb
