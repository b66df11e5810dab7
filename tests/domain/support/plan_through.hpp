#pragma once

#include "domain/service/service_plan.hpp"

#include <functional>
#include <string>
#include <utility>
#include <variant>

namespace dklb::domain::testing {

/// Plans until nothing is to be patched any more, applying each patch as the API server would. A
/// Service takes two patches at most; one that takes more is refused with that text.
inline service_step plan_through(const service_settings& settings, service object,
                                 std::function<std::string()> suffix) {
  service_plan_input input;
  input.object = &object;
  input.suffix = std::move(suffix);
  for (int round = 0; round < 3; ++round) {
    auto step = plan_service(settings, input);
    const auto* patch = std::get_if<patch_service>(&step);
    if (patch == nullptr)
      return step;
    object.finalizers = patch->finalizers.value_or(object.finalizers);
    if (patch->config_annotation)
      object.config_annotation = patch->config_annotation;
    object.pool_annotation = patch->pool_annotation.value_or(object.pool_annotation);
  }
  return refuse_service{"", "the patches never end"};
}

} // namespace dklb::domain::testing
