#include "sandbox/node/network/proxy_header.hpp"

#include <arpa/inet.h>
#include <array>
#include <sstream>

namespace dklb::sandbox {
namespace {

using kind = proxy_header::kind;

constexpr std::string_view signature_1 = "PROXY ";
constexpr std::string_view signature_2{"\r\n\r\n\0\r\nQUIT\n", 12};

/// True if `received` is the beginning of `signature`, or begins with it.
bool may_begin_with(std::string_view received, std::string_view signature) {
  return received.substr(0, signature.size()) == signature.substr(0, received.size());
}

bool is_address(int family, const std::string& text) {
  in6_addr raw{};
  return ::inet_pton(family, text.c_str(), &raw) == 1;
}

/// `PROXY TCP4 SOURCE DESTINATION PORT PORT`, `PROXY UNKNOWN`, and a line break.
proxy_header read_line(std::string_view received) {
  constexpr std::size_t longest = 107;
  const auto end = received.substr(0, longest).find("\r\n");
  if (end == std::string_view::npos) {
    return {received.size() < longest ? kind::incomplete : kind::malformed, 0, {}};
  }
  std::istringstream words{std::string(received.substr(signature_1.size(), end))};
  std::string family;
  std::string source;
  words >> family >> source;
  if (family == "UNKNOWN") {
    return {kind::v1, end + 2, {}};
  }
  const bool good = (family == "TCP4" && is_address(AF_INET, source))
                    || (family == "TCP6" && is_address(AF_INET6, source));
  return good ? proxy_header{kind::v1, end + 2, source} : proxy_header{kind::malformed, 0, {}};
}

proxy_header read_binary(std::string_view received) {
  constexpr std::size_t fixed = 16;
  if (received.size() < fixed) {
    return {};
  }
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(received[at]); };
  const std::size_t length = fixed + byte(14) * 256U + byte(15);
  const unsigned command = byte(12);
  if (command != 0x20 && command != 0x21) {
    return {kind::malformed, 0, {}};
  }
  if (received.size() < length) {
    return {};
  }
  proxy_header found{kind::v2, length, {}};
  const unsigned family = byte(13) >> 4U;
  const bool narrow = family == 1 && length >= fixed + 12;
  const bool wide = family == 2 && length >= fixed + 36;
  if (command == 0x21 && (narrow || wide)) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(narrow ? AF_INET : AF_INET6, received.data() + fixed, text.data(), text.size());
    found.client = text.data();
  }
  return found;
}

} // namespace

proxy_header read_proxy_header(std::string_view received) {
  if (received.starts_with(signature_1)) {
    return read_line(received);
  }
  if (received.starts_with(signature_2)) {
    return read_binary(received);
  }
  const bool may_come =
    may_begin_with(received, signature_1) || may_begin_with(received, signature_2);
  return {may_come ? kind::incomplete : kind::absent, 0, {}};
}

} // namespace dklb::sandbox
