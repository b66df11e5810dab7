#pragma once

#include "domain/error.hpp"
#include "domain/service.hpp"

#include <nlohmann/json.hpp>

namespace dklb::http::kube {

/// Trims a v1 Service to what dklb uses. A field of the wrong type is a `malformed` error that
/// names it; whatever is unknown is ignored.
domain::result<domain::service> decode_service(const nlohmann::json& object);

/// Trims a v1 Node: InternalIP and the Ready condition (an unschedulable or deleting node that is
/// Ready still carries traffic).
domain::result<domain::node> decode_node(const nlohmann::json& object);

} // namespace dklb::http::kube
