#include "domain/text/utf8.hpp"

#include <algorithm>
#include <cstdint>

namespace dklb::domain {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// The character that a valid sequence stands for.
std::uint32_t code_point(std::string_view sequence) {
  const auto byte = [&](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(sequence[index]));
  };
  switch (sequence.size()) {
  case 1:
    return byte(0);
  case 2:
    return (byte(0) & 0x1fU) << 6U | (byte(1) & 0x3fU);
  case 3:
    return (byte(0) & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
  default:
    return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3fU) << 12U | (byte(2) & 0x3fU) << 6U
           | (byte(3) & 0x3fU);
  }
}

std::string hexadecimal(std::string_view prefix, std::uint32_t value, unsigned width) {
  std::string out{prefix};
  for (auto left = width; left > 0; --left)
    out += hex_digits[(value >> (4U * (left - 1))) & 0x0fU];
  return out;
}

std::string escaped(std::uint32_t code) {
  if (code == '\n')
    return "\\n";
  if (code == '\r')
    return "\\r";
  if (code == '\t')
    return "\\t";
  return code < 0x80 ? hexadecimal("\\x", code, 2) : hexadecimal("\\u", code, 4);
}

/// The first character of `text` as it may be shown; `length` becomes how many bytes it has.
std::string shown(std::string_view text, std::size_t& length) {
  length = utf8_sequence(text);
  if (length == 0) {
    length = 1;
    return hexadecimal("\\x", static_cast<unsigned char>(text.front()), 2);
  }
  const auto sequence = text.substr(0, length);
  return steers_terminal(sequence) ? escaped(code_point(sequence)) : std::string{sequence};
}

} // namespace

std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80)
    return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length)
    return 0;
  for (std::size_t index = 1; index < length; ++index)
    if ((byte(index) & 0xc0U) != 0x80U)
      return 0;
  const bool bad = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)
                   || (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
  return bad ? 0 : length;
}

bool steers_terminal(std::string_view sequence) {
  const auto code = code_point(sequence);
  const auto within = [code](std::uint32_t first, std::uint32_t last) {
    return code >= first && code <= last;
  };
  return code < 0x20 || within(0x7f, 0x9f) || code == 0x61c || within(0x200e, 0x200f)
         || within(0x2028, 0x202e) || within(0x2066, 0x2069) || code == 0xfeff;
}

std::size_t find_invisible(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_sequence(text.substr(at));
    if (length == 0 || steers_terminal(text.substr(at, length)))
      return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string visible(std::string_view text, std::size_t limit) {
  constexpr std::string_view mark = "...";
  if (text.size() <= limit && find_invisible(text) == std::string_view::npos)
    return std::string{text};
  std::string out;
  std::size_t fits = 0; // how much of it leaves room for the mark
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    out += shown(text.substr(at), length);
    if (out.size() > limit) {
      out.resize(fits);
      return out.append(mark.substr(0, std::min(mark.size(), limit)));
    }
    if (out.size() + mark.size() <= limit)
      fits = out.size();
  }
  return out;
}

} // namespace dklb::domain
