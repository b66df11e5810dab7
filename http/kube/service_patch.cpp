#include "http/kube/service_patch.hpp"

#include "domain/text/json_text.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace dklb::http::kube {

std::string service_path(const domain::service_key& key) {
  return "/api/v1/namespaces/" + key.name_space + "/services/" + key.name;
}

std::string encode_service_patch(const domain::service& object,
                                 const domain::patch_service& patch) {
  using domain::append_json;
  std::string out;
  out.reserve(256 + (patch.config_annotation ? patch.config_annotation->size() : 0));
  out += R"({"metadata":{"uid":)";
  append_json(out, object.uid);
  append_json(out += R"(,"resourceVersion":)", object.resource_version);
  if (patch.finalizers) {
    out += R"(,"finalizers":[)";
    for (const auto& finalizer : *patch.finalizers) {
      out += out.back() == '[' ? "" : ",";
      append_json(out, finalizer);
    }
    out += ']';
  }
  std::string_view before = R"(,"annotations":{)";
  const auto annotate = [&](const char* name, const std::optional<std::string>& value) {
    if (!value)
      return;
    append_json(out += std::exchange(before, ","), name);
    append_json(out += ':', *value);
  };
  annotate(domain::config_annotation_name, patch.config_annotation);
  annotate(domain::pool_annotation_name, patch.pool_annotation);
  return out + (patch.config_annotation || patch.pool_annotation ? "}}}" : "}}");
}

} // namespace dklb::http::kube
