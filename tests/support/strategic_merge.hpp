#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace dklb::support {

/// Applies a strategic merge patch to a status, as the API server does. Objects are merged member
/// by member, and null removes a member. Conditions are merged by their type; a new one goes to the
/// front. Any other list is replaced. The directives `$patch: replace` and `$patch: delete` are
/// supported, others are refused. Throws std::invalid_argument with the server's message for an
/// invalid patch. tests/e2e/test_status.py compares it with the real server.
void strategic_merge(nlohmann::json& object, const nlohmann::json& patch);

} // namespace dklb::support
