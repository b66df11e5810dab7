#include "domain/document/pool_overlay.hpp"

#include <algorithm>
#include <cmath>

namespace dklb::domain {

namespace {

/// Numbers are compared to six decimals: a server that keeps them in single precision gives back
/// 0.1 as 0.100000001, which is no difference that anybody asked for.
bool same_value(const pool_document& left, const pool_document& right) {
  if (!left.is_number() || !right.is_number())
    return left == right;
  const auto one = left.get<double>();
  const auto other = right.get<double>();
  return std::abs(one - other) <= 1e-6 * std::max(1.0, std::abs(other));
}

bool overlay_object(pool_document& current, const pool_document& desired) {
  if (!current.is_object()) {
    if (desired.empty() && current.is_null())
      return false;
    current = desired;
    return true;
  }
  bool changed = false;
  for (const auto& [key, value] : desired.get_ref<const pool_document::object_t&>()) {
    const auto present = current.find(key);
    if (present != current.end()) {
      changed |= overlay(*present, value);
    } else if (!value.is_object() || !value.empty()) {
      current[key] = value;
      changed = true;
    }
  }
  return changed;
}

bool overlay_array(pool_document& current, const pool_document& desired) {
  if (!current.is_array() || current.size() != desired.size()) {
    current = desired;
    return true;
  }
  bool changed = false;
  for (std::size_t position = 0; position < desired.size(); ++position)
    changed |= overlay(current[position], desired[position]);
  return changed;
}

} // namespace

bool overlay(pool_document& current, const pool_document& desired) {
  if (desired.is_object())
    return overlay_object(current, desired);
  if (desired.is_array())
    return overlay_array(current, desired);
  if (same_value(current, desired))
    return false;
  current = desired;
  return true;
}

} // namespace dklb::domain
