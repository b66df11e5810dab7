#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace dklb::support {

/// Applies a strategic merge patch as the API server does to a status: objects are merged member by
/// member, null removes one, conditions are merged by their type (a new one goes to the front), any
/// other list is replaced whole. Of the directives it knows `$patch: replace` and `$patch: delete`;
/// another one is refused. Throws std::invalid_argument with the server's words where the patch is
/// none. Compared with the real server by tests/e2e/test_status.py.
void strategic_merge(nlohmann::json& object, const nlohmann::json& patch);

} // namespace dklb::support
