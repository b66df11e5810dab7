#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/pools/tasks.hpp"

#include <vector>

namespace dklb::edgelb {

/// True if HAProxy finds a backend's server for a client by the servers' ids: a line of `miscStrs`
/// says `hash-type consistent`. Ids that HAProxy chooses follow the order of the servers, so they
/// would change with it, and a server that is added at runtime would have another one after a
/// reload.
bool places_by_id(const document& backend);

/// An id for each server, from its address and port. So a client keeps its server over reloads,
/// changes of other servers, restarts, and all instances of a pool. No two are equal.
std::vector<int> server_ids(const std::vector<server>& servers);

} // namespace dklb::edgelb
