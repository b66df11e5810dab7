#pragma once

#include "domain/cluster/node_list.hpp"
#include "domain/pool/pool_plan.hpp"

#include <map>
#include <optional>
#include <string>
#include <unordered_set>

namespace dklb::domain {

/// The Kubernetes nodes that the servers of one pool are (backendMode nodes), chosen once for each
/// set of families. Made for one plan: it keeps references.
class pool_servers {
public:
  /// `pool`: as EdgeLB has it; null where it does not exist. Which nodes it has already counts as
  /// of now, so a later change of the document changes no choice.
  pool_servers(const pool_settings& settings, const pool_document* pool);

  const node_choice& of(ip_families families);

private:
  bool in_pool(const std::string& address);

  const pool_settings& settings_;
  const pool_document* pool_;
  std::map<ip_families, node_choice> chosen_;
  /// Addresses of servers of dklb's backends in the pool; read when first asked for.
  std::optional<std::unordered_set<std::string>> present_;
};

/// What the Services of one set of families are to know of their nodes; nothing where all is well,
/// and in backendMode mesos.
std::optional<node_notice> notice_of(const pool_settings& settings, pool_servers& servers,
                                     ip_families families);

} // namespace dklb::domain
