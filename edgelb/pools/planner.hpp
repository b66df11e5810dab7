#pragma once

#include "edgelb/pools/placement.hpp"
#include "edgelb/pools/pool_store.hpp"
#include "edgelb/pools/ports.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// The agents and the ports of a pool.
struct pool_layout {
  std::vector<agent> agents;        ///< one per placed instance, in their order
  std::map<std::string, int> ports; ///< by listener key; absent: a free port that is not chosen yet
  int pending = 0;
  std::string reason; ///< why instances are pending
};

/// Assigns agents and ports to all pools. The result of plan() stays reserved, together with what
/// the pool had before, until settle() or release(). Thread-safe.
class planner {
public:
  explicit planner(std::vector<agent> agents) : agents_(std::move(agents)) {}

  /// Chooses agents and ports for a pool. `before` is its present record, null for a new pool.
  /// Instances keep their agents and free ports their numbers if possible. The error is a 400: no
  /// instance can run because the ports are taken, or no agent has an address that the pool binds.
  domain::result<pool_layout> plan(const document& pool, const pool_record* before);
  /// The agent with this name. Empty if it is not listed, or not any more.
  std::optional<agent> place_of(const std::string& name) const;
  /// The sockets that settle() with this record will free.
  std::set<socket_address> freed_by(const pool_record& now) const;
  /// Grows when a pool frees a port, so that a pool that waits for one tries again.
  std::uint64_t releases() const { return releases_; }
  /// The pool now has exactly the agents and ports of this record.
  void settle(const pool_record& now);
  /// Frees everything that the pool has.
  void release(const std::string& pool);

private:
  struct holding {
    std::set<socket_address> sockets;
    std::vector<std::string> agents;
  };

  holding holding_of(const pool_record& record) const;
  /// Why the pool cannot have this socket. Empty if it can.
  std::optional<std::string> refusal(const std::string& pool, const socket_address& where) const;
  std::optional<std::string> blocked(const std::string& pool,
                                     const std::vector<listener>& listeners,
                                     const std::map<std::string, int>& ports,
                                     const agent& where) const;
  placement_request request_for(const document& pool, const pool_record* before,
                                const placement_constraints& constraints) const;
  /// Why no suitable agent can bind one of the pool's frontends. Empty if each has one.
  std::optional<std::string> unreachable(const document& pool,
                                         const std::vector<listener>& listeners,
                                         const placement_constraints& constraints) const;
  /// The bound addresses of these agents on which the pool can have this port, for a message.
  std::string free_addresses(const std::string& pool, const std::vector<agent>& agents,
                             const listener& what) const;
  domain::result<domain::unit> choose_free_ports(const std::string& pool,
                                                 const std::vector<listener>& listeners,
                                                 pool_layout& layout) const;

  std::vector<agent> agents_;
  mutable std::mutex mutex_;
  port_table table_;
  std::map<std::string, holding> settled_;
  std::atomic<std::uint64_t> releases_{0};
};

} // namespace dklb::edgelb
