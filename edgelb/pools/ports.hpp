#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/pools/agents.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dklb::edgelb {

/// A listener of a pool: a frontend or the statistics.
struct listener {
  std::string key; ///< `stats`, or `frontend/<name>`
  std::string bind_address;
  int port = 0;               ///< from the pool; 0: any free port
  bool both_families = false; ///< `::` with the modifier v4v6

  /// The addresses that the listener binds on an agent; none if the agent has no fitting one. A
  /// wildcard means the agent's addresses of its family, and `::` with v4v6 those of both. On an
  /// agent with IPv6 addresses alone, 0.0.0.0 means these. The wildcard of the statistics means one
  /// internal address, because that page has no password.
  std::vector<std::string> addresses_on(const agent& where) const;
  /// The addresses at which clients reach the listener on an agent: the bound ones, and the
  /// translated public ones that lead to them.
  std::vector<std::string> reached_on(const agent& where) const;
  /// True for a frontend on one address, which only the agent with that address can bind.
  bool is_fixed() const;
};

/// The statistics and all frontends of a completed pool.
std::vector<listener> listeners_of(const document& pool);

/// The key of a frontend's listener.
std::string frontend_key(const std::string& name);
inline constexpr const char* stats_key = "stats";

using socket_address = std::pair<std::string, int>;

/// The pool that holds each address and port. Not thread-safe.
class port_table {
public:
  /// The pool that holds this address and port, if any.
  std::optional<std::string> holder(const socket_address& where) const;
  /// Makes the pool hold exactly these, and frees the others that it held. True if one was freed.
  bool assign(const std::string& pool, const std::set<socket_address>& held);
  bool release(const std::string& pool) { return assign(pool, {}); }

private:
  std::map<socket_address, std::string> holders_;
};

/// All addresses and ports that a pool binds: each listener, with its port, on each agent.
std::set<socket_address> sockets_of(const std::vector<listener>& listeners,
                                    const std::map<std::string, int>& ports,
                                    const std::vector<agent>& agents);

/// FNV-1a hash, because it gives the same value on every machine and in every run.
std::uint64_t stable_hash(const std::string& text);

/// The first port that `free` accepts. Tries `preferred` first (0: none), then the range 10000 to
/// 29999, from a start that depends on `seed`. Empty if all are taken. The range is below the
/// kernel's ephemeral ports and the node ports of Kubernetes.
std::optional<int> choose_port(const std::string& seed, int preferred,
                               const std::function<bool(int)>& free);

/// Tries to bind an address and port: the reason for a failure, or empty. Opens no listener.
std::optional<std::string> probe(const socket_address& where);

} // namespace dklb::edgelb
