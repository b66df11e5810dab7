#pragma once

#include "actors/base/runtime.hpp"
#include "http/server/server.hpp"
#include "messages/actors.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <string>
#include <vector>

namespace dklb::actors {

/// Dependencies of the introspection pages.
struct route_settings {
  caf::actor_system* system = nullptr;
  messages::supervisor_actor supervisor;
  /// Why the webhook's newest certificate is not in use, "" if it is. Null without a webhook.
  std::function<std::string()> certificate_trouble;
  /// For /readyz?verbose (its troubles and watches) and for the introspection actor in its roster.
  runtime_ptr run;
  /// True if a leader has stopped renewing the Lease and still runs: /livez then fails.
  std::function<bool()> renewal_overdue;
  /// Returns the present body of /metrics.
  std::function<std::string()> metrics;
  /// Returns the present body of /config.
  std::function<std::string()> config;
  /// Valid names in a Host header, besides `localhost` and IP addresses.
  std::vector<std::string> host_names;
};

/// The handler of all introspection pages. `/` is the page for people. `/healthz`, `/livez`,
/// `/readyz`, `/actors`, `/pools` and
/// `/services` ask the actors, for at most a second each. `/metrics` and `/config` ask none. A Host
/// header with a foreign name is a 421, and an unknown query parameter a 400. Runs on the server's
/// threads. It limits the number of pages in work, so that threads stay free for health checks.
/// Source: docs/introspection.md.
http::server::handler make_routes(route_settings settings);

} // namespace dklb::actors
