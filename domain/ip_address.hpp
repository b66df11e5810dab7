#pragma once

#include <string>

namespace dklb::domain {

/// An IPv4 address in dotted form.
bool is_ipv4(const std::string& text);

/// An IPv6 address without brackets or zone.
bool is_ipv6(const std::string& text);

} // namespace dklb::domain
