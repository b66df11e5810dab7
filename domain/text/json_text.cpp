#include "domain/text/json_text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

namespace dklb::domain {

namespace {

/// Needs no escape and is valid by itself.
bool plain(char letter) {
  const auto code = static_cast<unsigned char>(letter);
  return code >= 0x20 && code < 0x80 && letter != '"' && letter != '\\';
}

/// Whether eight characters are plain, by arithmetic on all of them at once: one that is not leaves
/// the highest bit of its byte set. (It may set its neighbour's, too; they are not plain either
/// way.)
bool plain_block(const char* at) {
  constexpr std::uint64_t each = 0x0101010101010101U;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const auto control = word - each * 0x20;
  const auto quote = (word ^ (each * '"')) - each;
  const auto backslash = (word ^ (each * '\\')) - each;
  return ((word | control | quote | backslash) & (each * 0x80)) == 0;
}

/// How many characters need no escape before the first that does.
std::size_t plain_length(std::string_view text) {
  constexpr std::size_t block = sizeof(std::uint64_t);
  std::size_t length = 0;
  while (length + block <= text.size() && plain_block(&text[length]))
    length += block;
  while (length < text.size() && plain(text[length]))
    ++length;
  return length;
}

/// The escapes that texts have for people; null for what is the library's business.
const char* usual_escape(char letter) {
  switch (letter) {
  case '"':
    return "\\\"";
  case '\\':
    return "\\\\";
  case '\n':
    return "\\n";
  default:
    return nullptr;
  }
}

template <class Integer>
void append_number(std::string& into, Integer number) {
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  into.append(digits.data(), written.ptr);
}

template <class Json>
void append_value(std::string& into, const Json& value, not_utf8 otherwise) {
  char before = '{';
  switch (value.type()) {
  case Json::value_t::object:
    for (const auto& [key, member] : value.template get_ref<const typename Json::object_t&>()) {
      into += std::exchange(before, ',');
      append_json(into, key, otherwise);
      into += ':';
      append_value(into, member, otherwise);
    }
    into += before == '{' ? "{}" : "}";
    return;
  case Json::value_t::array:
    before = '[';
    for (const auto& item : value.template get_ref<const typename Json::array_t&>()) {
      into += std::exchange(before, ',');
      append_value(into, item, otherwise);
    }
    into += before == '[' ? "[]" : "]";
    return;
  case Json::value_t::string:
    return append_json(into, value.template get_ref<const std::string&>(), otherwise);
  case Json::value_t::number_integer:
    return append_number(into, value.template get<std::int64_t>());
  case Json::value_t::number_unsigned:
    return append_number(into, value.template get<std::uint64_t>());
  case Json::value_t::boolean:
    into += value.template get<bool>() ? "true" : "false";
    return;
  default:
    into += value.dump();
  }
}

template <class Json>
std::string text_of(const Json& value, not_utf8 otherwise) {
  std::string text;
  append_value(text, value, otherwise);
  return text;
}

} // namespace

void append_json(std::string& into, std::string_view text, not_utf8 otherwise) {
  const auto before = into.size();
  into += '"';
  for (auto rest = text;;) {
    const auto length = plain_length(rest);
    into += rest.substr(0, length);
    if (length == rest.size()) {
      into += '"';
      return;
    }
    const auto* escape = usual_escape(rest[length]);
    if (escape == nullptr)
      break;
    into += escape;
    rest.remove_prefix(length + 1);
  }
  into.resize(before);
  using handler = nlohmann::json::error_handler_t;
  into += nlohmann::json(text).dump(
    -1, ' ', false, otherwise == not_utf8::refuse ? handler::strict : handler::replace);
}

std::string json_text(const nlohmann::json& value, not_utf8 otherwise) {
  return text_of(value, otherwise);
}

std::string json_text(const nlohmann::ordered_json& value, not_utf8 otherwise) {
  return text_of(value, otherwise);
}

} // namespace dklb::domain
