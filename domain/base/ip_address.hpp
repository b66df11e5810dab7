#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::domain {

/// True for an IPv4 address in dotted form.
bool is_ipv4(const std::string& text);

/// True for an IPv6 address without brackets or zone.
bool is_ipv6(const std::string& text);

/// The address in its one usual form (`2001:DB8:0::1` is `2001:db8::1`). Nothing if the text is not
/// an address.
std::optional<std::string> canonical_ip(std::string_view text);

/// The clients that can use an address.
enum class address_scope : std::uint8_t {
  anywhere, ///< a usable unicast address, private ranges included
  local,    ///< usable on its own machine or link only: loopback, link-local
  nobody,   ///< not the address of a host (unspecified, multicast, broadcast, IPv4 in IPv6)
};
/// The scope of an address. `nobody` if the text is not an address.
address_scope scope_of(const std::string& text);

} // namespace dklb::domain
