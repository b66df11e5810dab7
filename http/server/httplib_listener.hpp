#pragma once

#include "http/server/connection_server.hpp"
#include "http/server/server.hpp"

#include <memory>
#include <string>

namespace dklb::http::server {

/// Binds a server, plain or with TLS, and runs it behind the common rules: methods, limits, error
/// bodies, exceptions. `server` is valid and has no handlers yet.
domain::result<std::unique_ptr<listener>> serve(std::unique_ptr<connection_server> server,
                                                const std::string& address, handler handle,
                                                const listener_options& options);

} // namespace dklb::http::server
