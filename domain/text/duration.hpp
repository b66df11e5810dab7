#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::domain {

/// A duration in Go style: `500ms`, `2m`, `1h30m`, `1.5s`. Empty if the text is not a duration, is
/// negative, or is below 1 ms but not zero.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest Go style form of a duration: `250ms`, and `2m` instead of `2m0s`.
std::string format_duration(std::chrono::milliseconds duration);

} // namespace dklb::domain
