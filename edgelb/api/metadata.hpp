#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/pools/agents.hpp"

#include <map>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// What GET /v2/pools/{name}/metadata answers: for each frontend, and for the statistics, where
/// each of these instances can be reached. `ports` by listener key.
document metadata_of(const document& pool, const std::map<std::string, int>& ports,
                     const std::vector<agent>& instances);

} // namespace dklb::edgelb
