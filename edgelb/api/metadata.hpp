#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/pools/agents.hpp"

#include <map>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// The body of GET /v2/pools/{name}/metadata: the addresses and port of each frontend and of the
/// statistics, on each agent in `instances`. `ports` has the port of each listener, by its key.
document metadata_of(const document& pool, const std::map<std::string, int>& ports,
                     const std::vector<agent>& instances);

} // namespace dklb::edgelb
