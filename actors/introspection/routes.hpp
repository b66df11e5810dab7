#pragma once

#include "actors/base/runtime.hpp"
#include "domain/config/config.hpp"
#include "http/server/server.hpp"
#include "messages/actors.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <string>
#include <vector>

namespace dklb::actors {

/// What the introspection paths need.
struct route_settings {
  caf::actor_system* system = nullptr;
  messages::supervisor_actor supervisor;
  /// Where the webhook is served: why its newest certificate is not in use, "" where it is.
  std::function<std::string()> certificate_trouble;
  /// Its troubles and the ages of its watches are shown by /readyz?verbose; its roster has the
  /// introspection actor.
  runtime_ptr run;
  /// True where a leader has stopped renewing and still runs: /livez fails.
  std::function<bool()> renewal_overdue;
  /// The body of /metrics, at this moment.
  std::function<std::string()> metrics;
  /// The body of /config.
  std::string config;
  /// Names in a Host header that are ours, beside `localhost` and IP addresses.
  std::vector<std::string> host_names;
};

/// The body of /config: the live configuration as JSON, and when it was loaded.
std::string render_live_config(const domain::config& settings);

/// Answers `/healthz`, `/livez`, `/readyz`, `/actors`, `/pools`, `/services` and `/config` by
/// asking the actors, each within a second, and `/metrics` without asking them. Answers 421 to a
/// request whose Host header names somebody else. Runs on the server's threads, and keeps most of
/// them free for health checks. Source: docs/introspection.md.
http::server::handler make_routes(route_settings settings);

} // namespace dklb::actors
