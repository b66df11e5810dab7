#include "edgelb/api/document.hpp"

#include <cstdint>
#include <limits>
#include <utility>

namespace dklb::edgelb {
namespace {

domain::error_code code_of(int http_status) {
  switch (http_status) {
  case 400:
    return domain::error_code::invalid;
  case 401:
    return domain::error_code::unauthorized;
  case 404:
    return domain::error_code::not_found;
  case 409:
    return domain::error_code::conflict;
  case 504:
    return domain::error_code::timeout;
  default:
    return http_status < 500 ? domain::error_code::rejected : domain::error_code::unavailable;
  }
}

} // namespace

domain::error failure(int http_status, std::string message) {
  domain::error made;
  made.code = code_of(http_status);
  made.message = std::move(message);
  made.http_status = http_status;
  return made;
}

const document& member_at(const document& object, const char* key) {
  static const document none;
  if (!object.is_object())
    return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::string text_at(const document& object, const char* key) {
  const auto& value = member_at(object, key);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

bool is_int(const document& value) {
  using limits = std::numeric_limits<int>;
  if (value.is_number_unsigned())
    return value.get<std::uint64_t>() <= limits::max();
  return value.is_number_integer() && value.get<std::int64_t>() >= limits::min()
         && value.get<std::int64_t>() <= limits::max();
}

int integer_at(const document& object, const char* key, int otherwise) {
  const auto& value = member_at(object, key);
  return is_int(value) ? value.get<int>() : otherwise;
}

bool flag_at(const document& object, const char* key, bool otherwise) {
  const auto& value = member_at(object, key);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

bool same_meaning(const document& left, const document& right) {
  return nlohmann::json(left) == nlohmann::json(right);
}

std::string in_quotes(const std::string& text) {
  return document(text).dump(-1, ' ', true, document::error_handler_t::replace);
}

domain::result<document> parse_document(std::string_view text, std::string_view what) {
  // More levels than any pool has. Unbounded nesting would exhaust the stack later.
  constexpr int deepest = 64;
  bool too_deep = false;
  const auto keep = [&](int depth, document::parse_event_t, document&) {
    too_deep = too_deep || depth > deepest;
    return !too_deep;
  };
  try {
    auto parsed = document::parse(text, keep);
    if (too_deep)
      return failure(400, std::string(what) + " is nested deeper than 64 levels");
    return parsed;
  } catch (const document::exception& problem) {
    return failure(400, std::string(what) + " is no valid JSON: " + problem.what());
  }
}

} // namespace dklb::edgelb
