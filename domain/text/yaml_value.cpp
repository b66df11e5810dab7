#include "domain/text/yaml_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace dklb::domain {

namespace {

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& character : result)
    if (character >= 'A' && character <= 'Z')
      character = static_cast<char>(character - 'A' + 'a');
  return result;
}

std::optional<bool> truth_value(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE")
    return true;
  if (text == "false" || text == "False" || text == "FALSE")
    return false;
  return std::nullopt;
}

std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-')
    text.remove_prefix(1);
  return text;
}

/// A decimal integer; a leading zero is refused because half of all readers take it for octal.
bool looks_like_integer(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+'))
    text.remove_prefix(1);
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
  return digits && (text.size() == 1 || text.front() != '0');
}

std::optional<double> number_value(std::string_view text) {
  text = without_plus(text);
  const auto first = text.substr(text.starts_with('-') ? 1 : 0);
  // from_chars also takes "inf" and "nan", which are words in YAML.
  if (first.empty() || !(is_digit(first.front()) || first.front() == '.'))
    return std::nullopt;
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size() || !std::isfinite(number))
    return std::nullopt;
  return number;
}

/// True where some reader would take the plain text for something else than a string.
bool looks_typed(std::string_view text) {
  return truth_value(text) || looks_like_integer(text) || number_value(text);
}

/// At most 40 bytes, never cut within a character.
std::string shortened(const std::string& text) {
  std::size_t length = 40;
  if (text.size() <= length)
    return text;
  while ((static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80)
    --length;
  return text.substr(0, length) + "...";
}

std::string hex_of(unsigned char byte) {
  constexpr const char* digits = "0123456789abcdef";
  return {digits[byte >> 4U], digits[byte & 0xfU]};
}

struct wide_escape {
  std::size_t length = 0; ///< bytes of the character; 0: it needs no escape
  std::string text;
};

/// For a first character of more than a byte that YAML 1.1 takes for a line break or refuses.
wide_escape escape_for(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> known{
    {{"\xe2\x80\xa8", "\\u2028"},
     {"\xe2\x80\xa9", "\\u2029"},
     {"\xef\xbb\xbf", "\\uFEFF"},
     {"\xef\xbf\xbe", "\\uFFFE"},
     {"\xef\xbf\xbf", "\\uFFFF"}}};
  for (const auto& [character, escape] : known)
    if (text.starts_with(character))
      return {character.size(), std::string{escape}};
  if (text.size() < 2 || text[0] != '\xc2' || static_cast<unsigned char>(text[1]) > 0x9f)
    return {};
  return {2, "\\x" + hex_of(static_cast<unsigned char>(text[1]))};
}

std::string describe(const yaml_node& node) {
  switch (node.kind) {
  case yaml_kind::null:
    return "nothing";
  case yaml_kind::list:
    return "a list";
  case yaml_kind::mapping:
    return "a mapping";
  case yaml_kind::plain:
    if (looks_typed(node.text))
      return node.text;
    break;
  case yaml_kind::quoted:
    break;
  }
  return "the text " + yaml_scalar(shortened(node.text));
}

/// Words that YAML 1.1 or 1.2 readers take for null or a truth value.
bool is_reserved(std::string_view text) {
  constexpr std::array words{"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  const auto word = lower(text);
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool plain_is_safe(std::string_view text) {
  if (text.empty() || !is_letter(text.front()) || is_reserved(text))
    return false;
  return std::all_of(text.begin(), text.end(), [](char character) {
    return is_letter(character) || is_digit(character) || character == '-' || character == '_'
           || character == '.' || character == '/';
  });
}

} // namespace

std::optional<std::string> read_value(const yaml_node& node, std::string& target) {
  if (node.kind == yaml_kind::quoted
      || (node.kind == yaml_kind::plain && !looks_typed(node.text))) {
    target = node.text;
    return std::nullopt;
  }
  auto what = expectation_text("a string", node);
  if (node.kind == yaml_kind::plain)
    what += "; put it in quotes";
  return what;
}

std::optional<std::string> read_value(const yaml_node& node, bool& target) {
  const auto value = node.kind == yaml_kind::plain ? truth_value(node.text) : std::nullopt;
  if (!value)
    return expectation_text("true or false", node);
  target = *value;
  return std::nullopt;
}

std::optional<std::string> read_value(const yaml_node& node, std::int64_t& target) {
  if (node.kind != yaml_kind::plain || !looks_like_integer(node.text))
    return expectation_text("a whole number", node);
  const auto text = without_plus(node.text);
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), target);
  if (code != std::errc{})
    return node.text + " is too large";
  return std::nullopt;
}

std::optional<std::string> read_value(const yaml_node& node, double& target) {
  const auto number = node.kind == yaml_kind::plain ? number_value(node.text) : std::nullopt;
  if (!number)
    return expectation_text("a number", node);
  target = *number;
  return std::nullopt;
}

std::string expectation_text(std::string_view wanted, const yaml_node& node) {
  return "expected " + std::string{wanted} + ", found " + describe(node);
}

std::string yaml_scalar(std::string_view text) {
  if (plain_is_safe(text))
    return std::string{text};
  std::string result = "\"";
  for (std::size_t position = 0; position < text.size(); ++position) {
    const char character = text[position];
    const auto byte = static_cast<unsigned char>(character);
    if (const auto wide = escape_for(text.substr(position)); wide.length > 0) {
      result += wide.text;
      position += wide.length - 1;
    } else if (character == '"' || character == '\\') {
      (result += '\\') += character;
    } else if (character == '\n') {
      result += "\\n";
    } else if (character == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      (result += "\\x") += hex_of(byte);
    } else {
      result += character;
    }
  }
  return result += '"';
}

std::string yaml_scalar(double number) {
  std::array<char, 32> buffer{};
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return code == std::errc{} ? std::string{buffer.data(), end} : std::string{"0"};
}

} // namespace dklb::domain
