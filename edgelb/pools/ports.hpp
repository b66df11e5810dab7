#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/pools/agents.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dklb::edgelb {

/// A frontend, or the statistics, as far as ports go.
struct listener {
  std::string key; ///< `stats`, or `frontend/<name>`
  std::string bind_address;
  int port = 0; ///< as asked for; 0: any free one

  /// The addresses it binds for an instance on that agent. A wildcard stands for the agent's own;
  /// that of the statistics for the one inside, because the page asks nobody for a password.
  std::vector<std::string> addresses_on(const agent& where) const;
  /// It is to be reached on every address of the agent.
  bool on_every_address() const;
};

/// The statistics and all frontends of a completed pool.
std::vector<listener> listeners_of(const document& pool);

/// The key of a frontend's listener.
std::string frontend_key(const std::string& name);
inline constexpr const char* stats_key = "stats";

using socket_address = std::pair<std::string, int>;

/// Which pool holds which port of which address, over all pools. Not thread-safe.
class port_table {
public:
  /// The pool that holds it.
  std::optional<std::string> holder(const socket_address& where) const;
  /// The pool now holds exactly these; what it held before is free. True where something became
  /// free.
  bool assign(const std::string& pool, const std::set<socket_address>& held);
  bool release(const std::string& pool) { return assign(pool, {}); }

private:
  std::map<socket_address, std::string> holders_;
};

/// Everything a pool binds: each listener, with its port, on each of its agents.
std::set<socket_address> sockets_of(const std::vector<listener>& listeners,
                                    const std::map<std::string, int>& ports,
                                    const std::vector<agent>& agents);

/// The first port from `preferred` (0: none), then from the range 10000 to 29999 starting at a
/// place that depends on `seed`, that `free` accepts; nothing where all are taken. The range lies
/// below the kernel's own ephemeral ports and the node ports of Kubernetes.
std::optional<int> choose_port(const std::string& seed, int preferred,
                               const std::function<bool(int)>& free);

/// Tries to bind: why the address and port cannot be had, or nothing. Opens no listener.
std::optional<std::string> probe(const socket_address& where);

} // namespace dklb::edgelb
