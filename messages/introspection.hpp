#pragma once

#include "messages/payload.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Requests of the introspection pages (docs/introspection.md), and their answers.
namespace dklb::messages {

/// Introspection actor to every live actor, for the page /actors.
struct describe {};
/// Answer to describe.
struct actor_description {
  std::string state;
  std::chrono::system_clock::time_point since; ///< when the actor entered `state`
  std::uint64_t mailbox = 0;                   ///< messages that wait
  std::uint64_t processed = 0;                 ///< messages handled
  std::string last_error;                      ///< "" if nothing fails now
};
/// Introspection actor to pool and service actors, for the pages /pools and /services.
struct explain {
  /// To a pool actor: read the pool from EdgeLB, and add its document and the desired one.
  bool documents = false;
};
/// Answer to explain: one entry of the page.
struct explanation {
  json_ptr body;
};
/// HTTP server to supervisor, for the pages /livez and /readyz.
struct check_health {};
/// Answer to check_health.
struct health {
  bool services_listed = false;
  bool inventory_read = false;
};
/// HTTP server to introspection actor, for the page /actors. An empty field matches every actor.
struct view_actors {
  std::string kind;
  std::string key;
};
/// HTTP server to introspection actor, for the pages /pools (empty name) and /pools/NAME.
struct view_pools {
  std::string name;
};
/// HTTP server to introspection actor, for the pages /services (empty name) and
/// /services/NAMESPACE/NAME.
struct view_services {
  std::string name_space;
  std::string name;
};
/// Answer to the three view messages.
struct view {
  int status = 200; ///< of HTTP
  std::string body; ///< JSON
};
/// HTTP server to introspection actor, for a stream of /services, /pools or /actors.
struct view_items {
  /// "service" or "pool": these are asked to explain themselves. Empty: all actors are asked to
  /// describe themselves.
  std::string kind;
  std::shared_ptr<const std::set<std::string>> keys; ///< null: all of the kind
};
/// Answer to view_items, in no order. Of the wanted keys, those without an actor are left out.
struct live_items {
  /// By the actor's key or, where all are described, by its ID.
  std::vector<std::pair<std::string, json_ptr>> items;
};

} // namespace dklb::messages
