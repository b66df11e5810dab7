#include "domain/text/duration.hpp"

#include <array>
#include <cstdint>
#include <limits>

namespace dklb::domain {

namespace {

struct duration_unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

/// Longer names first, so that "ms" is not read as "m".
constexpr std::array units{
  duration_unit{"ns", 1},          duration_unit{"us", 1000},
  duration_unit{"\u00b5s", 1000},  duration_unit{"\u03bcs", 1000},
  duration_unit{"ms", 1000000},    duration_unit{"s", 1000000000},
  duration_unit{"m", 60000000000}, duration_unit{"h", 3600000000000},
};

constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();

/// The digits of one number of a duration: `whole` before the point, `fraction` of `scale` behind.
struct duration_number {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;
  std::int64_t scale = 1;
};

bool at_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

/// Takes a decimal number off the front of `text`; nothing where there is none or it is too long.
std::optional<duration_number> take_number(std::string_view& text) {
  duration_number number;
  bool digits = false;
  for (; at_digit(text); text.remove_prefix(1), digits = true) {
    if (number.whole > (longest - 9) / 10)
      return std::nullopt;
    number.whole = number.whole * 10 + (text.front() - '0');
  }
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    for (; at_digit(text); text.remove_prefix(1), digits = true) {
      // Digits below a nanosecond of the largest unit no longer count.
      if (number.scale >= 10000000000000)
        continue;
      number.fraction = number.fraction * 10 + (text.front() - '0');
      number.scale *= 10;
    }
  }
  return digits ? std::optional{number} : std::nullopt;
}

std::optional<std::int64_t> take_unit(std::string_view& text) {
  for (const auto& unit : units) {
    if (text.starts_with(unit.name)) {
      text.remove_prefix(unit.name.size());
      return unit.nanoseconds;
    }
  }
  return std::nullopt;
}

/// number x unit in nanoseconds, nothing where that is too long.
std::optional<std::int64_t> scaled(const duration_number& number, std::int64_t unit) {
  if (number.whole > longest / unit)
    return std::nullopt;
  // Multiplied first, so that a share of whole nanoseconds comes out exactly.
  const auto share = static_cast<std::int64_t>(static_cast<long double>(number.fraction)
                                               * static_cast<long double>(unit)
                                               / static_cast<long double>(number.scale));
  const auto whole = number.whole * unit;
  return whole > longest - share ? std::nullopt : std::optional{whole + share};
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0")
    return std::chrono::milliseconds{0};
  if (text.empty())
    return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    const auto unit = number ? take_unit(text) : std::nullopt;
    const auto part = unit ? scaled(*number, *unit) : std::nullopt;
    if (!part || *part > longest - total)
      return std::nullopt;
    total += *part;
  }
  constexpr std::int64_t millisecond = 1000000;
  if (total > 0 && total < millisecond)
    return std::nullopt;
  return std::chrono::milliseconds{total / millisecond};
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count == 0)
    return "0s";
  if (count < 1000)
    return std::to_string(count) + "ms";
  std::string text;
  if (const auto hours = count / 3600000)
    text += std::to_string(hours) + "h";
  if (const auto minutes = count / 60000 % 60)
    text += std::to_string(minutes) + "m";
  const auto rest = count % 60000;
  if (rest == 0)
    return text;
  text += std::to_string(rest / 1000);
  if (auto fraction = rest % 1000) {
    auto digits = std::to_string(fraction + 1000).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + "s";
}

} // namespace dklb::domain
