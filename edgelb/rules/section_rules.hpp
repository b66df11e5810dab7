#pragma once

#include "edgelb/api/document.hpp"

#include <optional>
#include <set>
#include <string>

namespace dklb::edgelb {

/// The first rule that an object of a pool breaks, and the next step. Empty if it breaks none.
using problem = std::optional<std::string>;

/// One rule for an object of a completed pool. The rules for a kind of object are one table, in the
/// order of the checks.
using rule = problem (*)(const document& object);

/// Part of check_pool(): the rules for one frontend, and for one backend with its services. The
/// problem begins with the kind and name of the object. `backends`: the names of the pool's
/// backends.
problem check_frontend(const document& frontend, const std::set<std::string>& backends);
problem check_backend(const document& backend);

/// True if a listener can bind this: an IP address without brackets, not `*`.
bool is_bind_address(const std::string& text);

} // namespace dklb::edgelb
