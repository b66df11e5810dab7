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

/// Where a pool's instances go and which ports it has there.
struct pool_layout {
  std::vector<agent> agents; ///< one per placed instance, in their order
  std::map<std::string, int>
    ports; ///< by listener key; a free port that has no place yet is absent
  int pending = 0;
  std::string reason; ///< why instances are pending
};

/// Shares agents and ports out among all pools. Thread-safe. What plan() gives stays reserved,
/// beside what the pool had before, until settle() or release().
class planner {
public:
  explicit planner(std::vector<agent> agents) : agents_(std::move(agents)) {}

  /// Places a pool and gives it ports; `before` is what it has now, null where it is new. Instances
  /// stay where they are and free ports stay the same where that is possible. An error (400) where
  /// no instance can run because its ports are taken.
  domain::result<pool_layout> plan(const document& pool, const pool_record* before);
  /// The agent with this private address; nothing where it is not (or no longer) listed.
  std::optional<agent> place_of(const std::string& private_address) const;
  /// What the pool will no longer have once it is settled with this.
  std::set<socket_address> freed_by(const pool_record& now) const;
  /// Grows whenever a pool gives a port back: a pool that waits for one may have a place now.
  std::uint64_t releases() const { return releases_; }
  /// The pool now has exactly this.
  void settle(const pool_record& now);
  /// The pool has nothing any more.
  void release(const std::string& pool);

private:
  struct holding {
    std::set<socket_address> sockets;
    std::vector<std::string> agents;
  };

  holding holding_of(const pool_record& record) const;
  /// Why the pool cannot have this socket; nothing where it can.
  std::optional<std::string> refusal(const std::string& pool, const socket_address& where) const;
  std::optional<std::string> blocked(const std::string& pool,
                                     const std::vector<listener>& listeners,
                                     const std::map<std::string, int>& ports,
                                     const agent& where) const;
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
