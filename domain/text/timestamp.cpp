#include "domain/text/timestamp.hpp"

#include <algorithm>
#include <cstdint>

namespace dklb::domain {
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

std::string padded(std::int64_t number, std::size_t digits) {
  const auto text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

std::string format_utc(micro_time time, bool decimals) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  auto text =
    padded(static_cast<int>(date.year()), 4) + '-' + padded(static_cast<unsigned>(date.month()), 2)
    + '-' + padded(static_cast<unsigned>(date.day()), 2) + 'T' + padded(clock.hours().count(), 2)
    + ':' + padded(clock.minutes().count(), 2) + ':' + padded(clock.seconds().count(), 2);
  if (decimals)
    text += '.' + padded(clock.subseconds().count(), 6);
  return text + 'Z';
}

} // namespace

std::string format_micro_time(micro_time time) {
  return format_utc(time, true);
}

std::string format_time(micro_time time) {
  return format_utc(time, false);
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

} // namespace dklb::domain
