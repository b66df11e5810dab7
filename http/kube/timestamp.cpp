#include "http/kube/timestamp.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace dklb::http::kube {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Takes `digits` decimal digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits)
    return std::nullopt;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9')
      return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos)
    return false;
  text.remove_prefix(1);
  return true;
}

/// Decimals after the second, cut to microseconds.
std::optional<microseconds> take_fraction(std::string_view& text) {
  if (!take(text, "."))
    return microseconds{0};
  int value = 0;
  std::size_t digits = 0;
  while (const auto digit = take_number(text, 1)) {
    if (digits < 6)
      value = value * 10 + *digit;
    ++digits;
  }
  if (digits == 0)
    return std::nullopt;
  for (std::size_t i = digits; i < 6; ++i)
    value *= 10;
  return microseconds{value};
}

/// `Z` or `+hh:mm`, as what has to be taken off.
std::optional<minutes> take_offset(std::string_view& text) {
  if (take(text, "Zz"))
    return minutes{0};
  const bool west = !text.empty() && text.front() == '-';
  if (!take(text, "+-"))
    return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ":"))
    return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *hour > 23 || *minute > 59)
    return std::nullopt;
  const minutes offset = hours{*hour} + minutes{*minute};
  return west ? -offset : offset;
}

std::string format(micro_time time, bool decimals) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 48> text{};
  const auto written = std::snprintf(
    text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
    static_cast<int>(clock.seconds().count()));
  std::string result{text.data(), static_cast<std::size_t>(written)};
  if (decimals) {
    const auto fraction = std::to_string(clock.subseconds().count());
    result += '.' + std::string(6 - fraction.size(), '0') + fraction;
  }
  return result + 'Z';
}

} // namespace

std::string format_micro_time(micro_time time) {
  return format(time, true);
}

std::string format_time(micro_time time) {
  return format(time, false);
}

std::optional<micro_time> parse_time(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-"))
    return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-"))
    return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take(text, "Tt "))
    return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ":"))
    return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ":"))
    return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction)
    return std::nullopt;
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!offset || !text.empty() || !date.ok())
    return std::nullopt;
  return std::chrono::sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second}
         + *fraction - *offset;
}

} // namespace dklb::http::kube
