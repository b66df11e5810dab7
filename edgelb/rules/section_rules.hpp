#pragma once

#include "edgelb/api/document.hpp"

#include <optional>
#include <set>
#include <string>

namespace dklb::edgelb {

/// What is wrong with an object of a pool, and the next step; nothing where every rule holds.
using problem = std::optional<std::string>;

/// One rule for an object of a completed pool. All rules of a kind of object stand in one table, in
/// the order in which they are checked.
using rule = problem (*)(const document& object);

/// Part of check_pool(): the rules for one frontend, and for one backend with its services. What is
/// wrong begins with the kind and name of the object. `backends` are the names that the pool has.
problem check_frontend(const document& frontend, const std::set<std::string>& backends);
problem check_backend(const document& backend);

/// Whether a listener can bind it: an IP address without brackets, no `*`.
bool is_bind_address(const std::string& text);

} // namespace dklb::edgelb
