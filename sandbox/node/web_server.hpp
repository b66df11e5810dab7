#pragma once

#include "http/server/server.hpp"

#include <memory>
#include <string>
#include <vector>

namespace dklb::sandbox {

/// Settings of one web server.
struct web_settings {
  std::string address;
  std::vector<int> ports; ///< 0: a free port
  std::string image;      ///< nginx: a welcome page; echo: the request is sent back
  std::string pod;        ///< namespace/name, for the response
  std::string node;
};

using web_listeners = std::vector<std::unique_ptr<http::server::listener>>;

/// Opens the web server for the images nginx and echo, with a listener per port. The error names
/// the address that cannot be bound.
domain::result<web_listeners> open_web_server(const web_settings& settings);

} // namespace dklb::sandbox
