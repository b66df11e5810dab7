#pragma once

#include "http/server/connection_server.hpp"
#include "http/server/server.hpp"

#include <memory>
#include <string>

namespace dklb::http::server {

/// Binds and runs a server, plain or with TLS. Installs the common rules for methods, limits, error
/// bodies and exceptions. `server` must have no handlers yet. The error names the address and the
/// cause.
domain::result<std::unique_ptr<listener>> serve(std::unique_ptr<connection_server> server,
                                                const std::string& address, handler handle,
                                                const listener_options& options);

} // namespace dklb::http::server
