#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// True if a request's Host header names this server: any IP address, `localhost`, or one of
/// `names`, with or without a port. A page of another site can use a host name of its own to reach
/// this server (DNS rebinding), but not an address. An empty or absent header is accepted: every
/// browser sends one.
bool is_own_host(std::string_view header, const std::vector<std::string>& names);

} // namespace dklb::domain
