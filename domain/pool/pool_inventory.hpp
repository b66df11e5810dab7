#pragma once

#include "domain/document/pool_snapshot.hpp"
#include "domain/service/service.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dklb::domain {

/// A port that a pool binds on its agents, and the frontend's name; none for the statistics page.
struct bound_port {
  int port = 0;
  std::string frontend;

  friend bool operator==(const bound_port&, const bound_port&) = default;
};

/// What one answer of EdgeLB says of one pool.
struct listed_pool {
  std::string name;
  std::uint64_t digest = 0;
  std::vector<service_key> owners; ///< Services of this cluster with objects in it
  std::string role;
  std::vector<bound_port> ports; ///< none in a virtual network, where each pool has its own
};

/// Looks into a pool.
listed_pool list_pool(std::string_view cluster, std::string name, const pool_snapshot& pool);

/// A port that a pool has, as one that another pool cannot have on the same agent.
struct port_user {
  int port = 0;
  std::string pool;
  std::string frontend; ///< as in bound_port

  friend bool operator==(const port_user&, const port_user&) = default;
};

/// What differs from one inventory to the next.
struct inventory_news {
  /// The pools that differ from what their actors saw last, by name.
  std::vector<std::string> drifted;
  /// A pool has gone or has given a port up.
  bool room = false;
};

/// Compares each inventory with what the pool actors saw last.
class pool_inventory {
public:
  /// A pool actor saw the pool like this. True where the pool has given a port up.
  bool seen(listed_pool pool);
  /// The same where the pool is known in this state already; false where it is not.
  bool seen_again(const std::string& name, std::uint64_t digest);
  /// A pool actor saw that the pool does not exist. True where it did before.
  bool seen_absent(const std::string& name);
  /// No actor follows the pool any more.
  void closed(const std::string& name);
  /// Takes a complete list in.
  inventory_news update(std::vector<listed_pool> pools);

  bool read() const { return read_; }
  /// Whether its actor has told what it saw.
  bool known_to_actor(const std::string& name) const;
  bool exists(const std::string& name) const;
  /// What is known of a pool in the state of this digest; null where that is not known.
  const listed_pool* known(const std::string& name, std::uint64_t digest) const;
  std::vector<std::string> pools_of(const service_key& service) const;
  /// Every Service of this cluster with objects anywhere, with the pool.
  std::vector<std::pair<std::string, service_key>> owners() const;
  /// Who binds one of these ports on agents of that role, in pools other than this; by port and
  /// pool.
  std::vector<port_user> users_of(const std::vector<int>& ports, const std::string& role,
                                  const std::string& other_than) const;

private:
  struct item {
    std::optional<listed_pool> pool; ///< absent: it does not exist
    /// What its actor saw last: nothing told, or told absent, or a digest.
    bool told = false;
    std::optional<std::uint64_t> actor_digest;
  };

  std::unordered_map<std::string, item> pools_;
  bool read_ = false;
};

} // namespace dklb::domain
