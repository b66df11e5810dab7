#pragma once

#include "domain/base/names.hpp"
#include "domain/pool/pool_inventory.hpp"
#include "messages/payload.hpp"

#include <string>
#include <vector>

/// Messages to and from the inventory, which knows all pools of EdgeLB.
namespace dklb::messages {

/// Pool actor to inventory, before its first round: is the pool in the last inventory? Saves a
/// read of EdgeLB.
struct recall_pool {
  std::string name;
};
/// Answer to recall_pool.
struct recalled_pool {
  /// `unknown`: no inventory has been read yet.
  enum class state { unknown, absent, present };
  state what = state::unknown;
  /// Set with `present`, for a few seconds after the inventory was read. Otherwise null.
  snapshot_ptr pool;
};
/// Pool actor to inventory, after each read or write of its pool: the pool as EdgeLB has it. Null:
/// the pool does not exist.
struct pool_seen {
  std::string name;
  snapshot_ptr pool;
};
/// Pool actor to inventory, when the actor ends: no actor follows this pool any more.
struct pool_closed {
  std::string name;
};
/// Pool actor to inventory, after EdgeLB refused a write of this pool. The inventory sends
/// pool_drifted when another pool has given up a port or was removed.
struct await_room {
  std::string pool;
};
/// Pool actor to inventory, to explain a refusal of EdgeLB: which other pools bind one of these
/// ports on agents of this role?
struct find_port_users {
  std::string pool;
  std::string role;
  std::vector<int> ports;
};
/// Answer to find_port_users.
struct port_users {
  std::vector<domain::port_user> users;
};
/// Inventory to supervisor, which forwards it to the pool's actor: read the pool again. Sent if the
/// inventory differs from the last pool_seen, and to a pool that waits for a port (await_room).
struct pool_drifted {
  std::string name;
};
/// Supervisor to inventory, when leadership is gained: read the inventory now.
struct refresh_inventory {};
/// Service actor to inventory, before it cleans up: which pools hold objects of this Service, as of
/// the last inventory?
struct find_pools {
  domain::service_key service;
};
/// Answer to find_pools.
struct pools_found {
  std::vector<std::string> pools;
};

} // namespace dklb::messages
