#pragma once

#include "domain/base/names.hpp"
#include "domain/pool/pool_inventory.hpp"
#include "messages/payload.hpp"

#include <string>
#include <vector>

/// What is known of all pools.
namespace dklb::messages {

/// What is known of a pool without asking EdgeLB.
struct recall_pool {
  std::string name;
};
struct recalled_pool {
  enum class state { unknown, absent, present };
  state what = state::unknown;
  /// With `present`, and only while the inventory is fresh.
  snapshot_ptr pool;
};
/// A pool as its actor last saw it in EdgeLB; null: it does not exist.
struct pool_seen {
  std::string name;
  snapshot_ptr pool;
};
/// The pool's actor ends: nobody follows this pool any more.
struct pool_closed {
  std::string name;
};
/// EdgeLB refused a write of this pool. Once another pool gives a port up, or goes, this one is
/// told (pool_drifted).
struct await_room {
  std::string pool;
};
/// Which other pools bind these ports on agents of that role.
struct find_port_users {
  std::string pool;
  std::string role;
  std::vector<int> ports;
};
struct port_users {
  std::vector<domain::port_user> users;
};
/// The inventory differs from what the pool's actor last saw: read it again.
struct pool_drifted {
  std::string name;
};
/// Read the inventory again soon, e.g. before a new leader begins.
struct refresh_inventory {};
/// Which pools hold objects of a Service, as of the last inventory.
struct find_pools {
  domain::service_key service;
};
struct pools_found {
  std::vector<std::string> pools;
};

} // namespace dklb::messages
