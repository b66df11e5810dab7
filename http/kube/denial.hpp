#pragma once

#include "domain/base/error.hpp"

#include <optional>
#include <string>

namespace dklb::http::kube {

/// What an error says about access: credentials that the API server does not accept, or a right
/// that RBAC does not grant, with its verb and resource. The same for every object of the kind, so
/// that it can be told once. Nothing for any other failure, such as an admission webhook's 403.
std::optional<std::string> denial_of(const domain::error& failure);

/// True where a patch named another uid than the object has now: it was deleted and created again
/// under its name. The API server calls that an invalid change (422).
bool is_another_object(const domain::error& failure);

} // namespace dklb::http::kube
