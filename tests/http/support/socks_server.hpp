#pragma once

#include "tests/http/support/raw_server.hpp"

#include <functional>
#include <string>

namespace dklb::tests {

/// The server's side of a SOCKS5 proxy (RFC 1928, no login) that alone knows the one name `host`:
/// where it is asked to connect to that, `serve` talks on as the server would. Anything else is
/// refused.
std::function<void(raw_connection&)> socks5_to(const std::string& host,
                                               std::function<void(raw_connection&)> serve);

} // namespace dklb::tests
