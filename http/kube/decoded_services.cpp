#include "http/kube/decoded_services.hpp"

#include "http/kube/codec.hpp"

#include <functional>
#include <string_view>
#include <utility>

namespace dklb::http::kube {

domain::result<decoded_services::pointer> decoded_services::read(json_view object) {
  const auto version = text_view_at(object, {"metadata", "resourceVersion"});
  auto& told = told_[std::hash<std::string_view>{}(version) % told_.size()];
  if (told && !version.empty() && told->resource_version == version
      && told->uid == text_view_at(object, {"metadata", "uid"}))
    return std::exchange(told, nullptr);
  auto decoded = decode_service(object);
  if (!decoded)
    return std::move(decoded.failure());
  return told = std::make_shared<const domain::service>(std::move(*decoded));
}

} // namespace dklb::http::kube
