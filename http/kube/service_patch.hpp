#pragma once

#include "domain/service/service.hpp"
#include "domain/service/service_plan.hpp"

#include <string>

namespace dklb::http::kube {

/// `/api/v1/namespaces/<namespace>/services/<name>`
std::string service_path(const domain::service_key& key);

/// The merge patch (JSON) that writes finalizers and annotations in one go. It carries the object's
/// resource version and uid, so that it never lands on another state or another object: lists are
/// replaced whole. Source: docs/kubernetes.md, "Writes".
std::string encode_service_patch(const domain::service& object, const domain::patch_service& patch);

} // namespace dklb::http::kube
