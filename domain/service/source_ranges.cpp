#include "domain/service/source_ranges.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dklb::domain {

namespace {

/// An address of either family as the first bytes of `bytes`.
struct raw_address {
  std::array<std::uint8_t, 16> bytes{};
  int bits = 32; ///< 128 for IPv6

  // NOLINTNEXTLINE(modernize-use-nullptr): the check mistakes what the compiler makes of it
  friend auto operator<=>(const raw_address&, const raw_address&) = default;
};

struct raw_range {
  raw_address address;
  int prefix = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): as above
  friend auto operator<=>(const raw_range&, const raw_range&) = default;
};

/// A whole number without a sign, at most `most`.
std::optional<int> whole_number(std::string_view text, int most) {
  const auto digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  int value = 0;
  const auto* end = text.data() + text.size();
  if (text.empty() || !std::all_of(text.begin(), text.end(), digit))
    return std::nullopt;
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  return problem == std::errc{} && stop == end && value <= most ? std::optional{value}
                                                                : std::nullopt;
}

/// Four decimal numbers. Zeros in front are as Kubernetes reads them: no sign of octal numbers.
std::optional<raw_address> ipv4_address(std::string_view text) {
  raw_address out;
  for (std::size_t part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3))
      return std::nullopt;
    const auto value = whole_number(text.substr(0, dot), 255);
    if (!value)
      return std::nullopt;
    out.bytes[part] = static_cast<std::uint8_t>(*value);
    text.remove_prefix(part == 3 ? text.size() : dot + 1);
  }
  return out;
}

std::optional<raw_address> ipv6_address(const std::string& text) {
  raw_address out;
  out.bits = 128;
  return inet_pton(AF_INET6, text.c_str(), out.bytes.data()) == 1 ? std::optional{out}
                                                                  : std::nullopt;
}

void clear_host_bits(raw_range& out) {
  for (int bit = out.prefix; bit < out.address.bits; ++bit)
    out.address.bytes[static_cast<std::size_t>(bit) / 8] &=
      static_cast<std::uint8_t>(~(0x80U >> (static_cast<unsigned>(bit) % 8U)));
}

/// `::ffff:10.0.0.0/104` is a spelling of `10.0.0.0/8`.
raw_range unmapped(const raw_range& given) {
  constexpr int mapped_bits = 96;
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const auto& bytes = given.address.bytes;
  if (given.prefix < mapped_bits || given.address.bits != 128
      || !std::equal(mapped.begin(), mapped.end(), bytes.begin()))
    return given;
  raw_range out;
  std::copy(bytes.begin() + mapped.size(), bytes.end(), out.address.bytes.begin());
  out.prefix = given.prefix - mapped_bits;
  return out;
}

std::optional<raw_range> parse_range(const std::string& entry) {
  const auto slash = entry.find('/');
  // A zero byte would end the text for the C library.
  if (slash == std::string::npos || entry.find('\0') != std::string::npos)
    return std::nullopt;
  const auto before = entry.substr(0, slash);
  const auto found =
    before.find(':') == std::string::npos ? ipv4_address(before) : ipv6_address(before);
  const auto prefix =
    found ? whole_number(std::string_view{entry}.substr(slash + 1), found->bits) : std::nullopt;
  if (!prefix)
    return std::nullopt;
  raw_range out{*found, *prefix};
  clear_host_bits(out);
  return unmapped(out);
}

std::string to_text(const raw_range& one) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(one.address.bits == 32 ? AF_INET : AF_INET6, one.address.bytes.data(), text.data(),
            text.size());
  return std::string{text.data()} + '/' + std::to_string(one.prefix);
}

/// The ranges of one family. That of all addresses makes the others needless.
std::vector<std::string> texts_of_family(const std::vector<raw_range>& sorted, int bits) {
  std::vector<std::string> out;
  for (const auto& one : sorted) {
    if (one.address.bits != bits)
      continue;
    if (one.prefix == 0)
      return {to_text(one)};
    out.push_back(to_text(one));
  }
  return out;
}

} // namespace

parsed_source_ranges parse_source_ranges(const std::vector<std::string>& entries) {
  parsed_source_ranges out;
  std::vector<raw_range> ranges;
  ranges.reserve(entries.size());
  for (const auto& entry : entries) {
    if (const auto one = parse_range(entry))
      ranges.push_back(*one);
    else
      out.unreadable.push_back(entry);
  }
  std::sort(ranges.begin(), ranges.end());
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  out.ranges = {!entries.empty(), texts_of_family(ranges, 32), texts_of_family(ranges, 128)};
  return out;
}

} // namespace dklb::domain
