#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// Whether a request's Host header names this server: an IP address of any kind, `localhost`, or
/// one of `names`, with or without a port. Only a name can be made to lead to somebody else's
/// address (DNS rebinding). A header that is empty or absent is right: every browser sends one.
bool is_own_host(std::string_view header, const std::vector<std::string>& names);

} // namespace dklb::domain
