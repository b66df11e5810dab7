#include "domain/base/ip_address.hpp"

#include <arpa/inet.h>

#include <array>

namespace dklb::domain {

bool is_ipv4(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::optional<std::string> canonical_ip(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return std::nullopt;
  const std::string terminated{text};
  std::array<char, INET6_ADDRSTRLEN> out{};
  in_addr four{};
  if (inet_pton(AF_INET, terminated.c_str(), &four) == 1)
    return inet_ntop(AF_INET, &four, out.data(), out.size());
  in6_addr six{};
  if (inet_pton(AF_INET6, terminated.c_str(), &six) == 1)
    return inet_ntop(AF_INET6, &six, out.data(), out.size());
  return std::nullopt;
}

address_scope scope_of(const std::string& text) {
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
    const auto number = ntohl(four.s_addr);
    const auto first = number >> 24U;
    if (first == 0 || first >= 224)
      return address_scope::nobody;
    const bool local = first == 127 || number >> 16U == 0xa9feU; // 169.254.0.0/16
    return local ? address_scope::local : address_scope::anywhere;
  }
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1)
    return address_scope::nobody;
  if (IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_LINKLOCAL(&six))
    return address_scope::local;
  const bool nobody = IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_MULTICAST(&six)
                      || IN6_IS_ADDR_V4MAPPED(&six) || IN6_IS_ADDR_V4COMPAT(&six);
  return nobody ? address_scope::nobody : address_scope::anywhere;
}

} // namespace dklb::domain
