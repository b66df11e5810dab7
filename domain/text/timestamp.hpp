#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::domain {

/// Wall-clock time as the API server's MicroTime carries it.
using micro_time = std::chrono::sys_time<std::chrono::microseconds>;

/// metav1.MicroTime: RFC 3339 in UTC with exactly six decimals, `2006-01-02T15:04:05.000000Z`.
std::string format_micro_time(micro_time time);

/// metav1.Time: RFC 3339 in UTC with whole seconds, `2006-01-02T15:04:05Z`.
std::string format_time(micro_time time);

/// An RFC 3339 time with any number of decimals and any offset; nothing where it is none.
std::optional<micro_time> parse_time(std::string_view text);

} // namespace dklb::domain
