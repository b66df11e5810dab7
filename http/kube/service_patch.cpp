#include "http/kube/service_patch.hpp"

namespace dklb::http::kube {

std::string service_path(const domain::service_key& key) {
  return "/api/v1/namespaces/" + key.name_space + "/services/" + key.name;
}

nlohmann::json encode_service_patch(const domain::service& object,
                                    const domain::patch_service& patch) {
  nlohmann::json metadata{{"uid", object.uid}, {"resourceVersion", object.resource_version}};
  if (patch.finalizers)
    metadata["finalizers"] = *patch.finalizers;
  if (patch.config_annotation)
    metadata["annotations"][domain::config_annotation_name] = *patch.config_annotation;
  return {{"metadata", std::move(metadata)}};
}

} // namespace dklb::http::kube
