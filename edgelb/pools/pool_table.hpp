#pragma once

#include "edgelb/api/document.hpp"

#include <map>
#include <string>

namespace dklb::edgelb {

/// The table of `edgelb-local list`: NAME APIVERSION COUNT ROLE PORTS, one line per pool. PORTS has
/// the port of the statistics and of each frontend. A port that is 0 in the pool is taken from its
/// metadata (a map by pool name); if that is missing, 0 is shown.
std::string pool_table(const document& pools, const std::map<std::string, document>& metadata);

/// Reads the pools of a server and makes the table. `token` may be empty. The error names the URL
/// and the cause.
domain::result<std::string> list_pools(const std::string& url, const std::string& token);

} // namespace dklb::edgelb
