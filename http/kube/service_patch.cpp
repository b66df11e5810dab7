#include "http/kube/service_patch.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace dklb::http::kube {

std::string service_path(const domain::service_key& key) {
  return "/api/v1/namespaces/" + key.name_space + "/services/" + key.name;
}

std::string encode_service_patch(const domain::service& object,
                                 const domain::patch_service& patch) {
  using nlohmann::json;
  json metadata{{"uid", object.uid}, {"resourceVersion", object.resource_version}};
  if (patch.finalizers)
    metadata["finalizers"] = *patch.finalizers;
  if (patch.config_annotation)
    metadata["annotations"][domain::config_annotation_name] = *patch.config_annotation;
  if (patch.pool_annotation)
    metadata["annotations"][domain::pool_annotation_name] = *patch.pool_annotation;
  const json body{{"metadata", std::move(metadata)}};
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace dklb::http::kube
