#include "domain/explanation/page_fields.hpp"

#include <algorithm>

namespace dklb::domain::page {

const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json none;
  if (!object.is_object())
    return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string as_text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : std::string{};
}

std::string text(const nlohmann::json& object, const char* name) {
  return as_text(member(object, name));
}

std::string number(const nlohmann::json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_number_integer() ? value.dump() : std::string{};
}

bool flag(const nlohmann::json& object, const char* name) {
  const auto& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

const nlohmann::json& list(const nlohmann::json& object, const char* name) {
  static const nlohmann::json empty = nlohmann::json::array();
  const auto& value = member(object, name);
  return value.is_array() ? value : empty;
}

std::string joined(const nlohmann::json& texts) {
  std::string out;
  for (const auto& item : texts)
    if (item.is_string())
      out.append(out.empty() ? "" : ", ").append(item.get_ref<const std::string&>());
  return out;
}

std::optional<moment> time(const nlohmann::json& object, const char* name) {
  return parse_time(text(object, name));
}

std::string length_of(std::chrono::microseconds length) {
  using std::chrono::seconds;
  struct unit_of_time {
    char name;
    std::int64_t seconds;
  };
  static constexpr unit_of_time units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
  constexpr std::int64_t days_alone = 30 * 86400L;
  auto left = std::max<std::int64_t>(std::chrono::duration_cast<seconds>(length).count(), 0);
  const bool coarse = left >= days_alone;
  std::string out;
  int used = 0;
  for (const auto& unit : units) {
    if (used == 2 || (coarse && used == 1))
      break;
    const auto count = left / unit.seconds;
    left %= unit.seconds;
    // Two units follow each other: `1d` and not `1d5m`.
    if (used > 0 || count > 0)
      ++used;
    if (count > 0)
      out += std::to_string(count) + unit.name;
  }
  return out.empty() ? "0s" : out;
}

std::string relative(moment at, moment now) {
  return at > now ? "in " + length_of(at - now) : length_of(now - at) + " ago";
}

std::string age(const nlohmann::json& object, const char* name, moment now) {
  const auto at = time(object, name);
  return at ? length_of(now - *at) : std::string{};
}

} // namespace dklb::domain::page
