#pragma once

#include <cstdint>
#include <string>

namespace dklb::domain {

/// An IPv4 address in dotted form.
bool is_ipv4(const std::string& text);

/// An IPv6 address without brackets or zone.
bool is_ipv6(const std::string& text);

/// Whom an address can reach.
enum class address_scope : std::uint8_t {
  anywhere, ///< every usable unicast address, private ranges included
  local,    ///< its own machine or link only: loopback, link-local
  nobody,   ///< no host's address (unspecified, multicast, broadcast, IPv4 in IPv6), or no address
};
address_scope scope_of(const std::string& text);

} // namespace dklb::domain
