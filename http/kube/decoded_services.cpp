#include "http/kube/decoded_services.hpp"

#include "http/kube/codec.hpp"

#include <functional>
#include <string_view>
#include <utility>

namespace dklb::http::kube {
namespace {

std::string_view member_text(json_view metadata, const char* name) {
  std::string_view text;
  const auto member = value_at(metadata, {name});
  return member && member->get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

} // namespace

domain::result<decoded_services::pointer> decoded_services::read(json_view object) {
  pointer* place = nullptr;
  if (const auto metadata = value_at(object, {"metadata"})) {
    const auto uid = member_text(*metadata, "uid");
    const auto version = member_text(*metadata, "resourceVersion");
    if (!version.empty()) {
      place = &told_[std::hash<std::string_view>{}(version) % told_.size()];
      if (*place && (*place)->resource_version == version && (*place)->uid == uid)
        return std::exchange(*place, nullptr);
    }
  }
  auto decoded = decode_service(object);
  if (!decoded)
    return std::move(decoded.failure());
  auto service = std::make_shared<const domain::service>(std::move(*decoded));
  if (place != nullptr)
    *place = service;
  return service;
}

} // namespace dklb::http::kube
