#pragma once

#include "http/kube/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace dklb::tests {

/// What a test wrote down, as the code under test is given it: readable until the next call.
inline http::kube::json_view view_of(const nlohmann::json& object) {
  static http::kube::json_reader reader;
  return *reader.read(object.dump());
}

} // namespace dklb::tests
