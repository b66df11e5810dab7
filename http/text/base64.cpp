#include "http/text/base64.hpp"

#include <array>
#include <cstdint>

namespace dklb::http {
namespace {

constexpr std::string_view alphabet =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digits = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return table;
}();

bool is_space(char character) {
  return character == '\n' || character == '\r' || character == ' ' || character == '\t';
}

} // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = (bits << 8U) | (k < group.size() ? static_cast<std::uint8_t>(group[k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= group.size() ? alphabet[(bits >> (18U - 6U * k)) & 0x3fU] : '=';
  }
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  std::size_t characters = 0;
  std::size_t padding = 0;
  for (const char character : text) {
    if (is_space(character))
      continue;
    ++characters;
    if (character == '=') {
      ++padding;
      continue;
    }
    const auto digit = digits[static_cast<std::uint8_t>(character)];
    if (digit == no_digit || padding > 0)
      return std::nullopt;
    bits = (bits << 6U) | digit;
    const auto position = (characters - 1) % 4;
    if (position > 0)
      bytes += static_cast<char>((bits >> (6U - 2U * position)) & 0xffU);
  }
  if (characters % 4 != 0 || padding > 2)
    return std::nullopt;
  return bytes;
}

} // namespace dklb::http
