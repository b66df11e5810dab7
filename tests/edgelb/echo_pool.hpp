#pragma once

#include "tests/edgelb/fixture.hpp"

#include <vector>

namespace dklb::edgelb::testing {

/// The entry of a backend for this server.
inline document endpoint_of(const echo_server& server) {
  return {{"endpoint", {{"type", "ADDRESS"}, {"address", "127.0.0.1"}, {"port", server.port()}}}};
}

/// The pool `web` with one TCP frontend on `port` over these servers.
inline document echo_pool(int port, const std::vector<const echo_server*>& servers) {
  auto pool = tcp_pool("web", port, 1);
  auto& services = pool["haproxy"]["backends"][0]["services"];
  services.clear();
  for (const auto* one : servers)
    services.push_back(endpoint_of(*one));
  return pool;
}

} // namespace dklb::edgelb::testing
