#pragma once

#include "domain/cluster/node.hpp"
#include "domain/service/service_traffic.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace dklb::domain {

/// A node with what is known of its past.
struct listed_node : node {
  /// It was Ready at some time, as far as this process knows. Such a node stays as long as it
  /// exists: the health checks of the pools decide.
  bool proven = false;

  friend bool operator==(const listed_node&, const listed_node&) = default;
};

/// The nodes of the cluster at one moment, by name.
struct node_list {
  std::vector<listed_node> nodes;
};

/// Follows the nodes. A node counts once it was Ready; that it is not Ready any more changes
/// nothing (as in Kubernetes since KEP-3458).
/// Source: docs/guide.md, "Which nodes get traffic".
class node_book {
public:
  /// A node as it is now. False where nothing changes that pools look at.
  bool seen(node now);
  /// The node was deleted. False where it was not known.
  bool gone(const std::string& name);
  node_list list() const;

private:
  std::map<std::string, listed_node> nodes_;
};

/// The nodes that serve one set of families.
struct node_choice {
  /// Addresses of the servers, the first family first, each family sorted, none twice.
  std::vector<std::string> addresses;
  /// Names of nodes that could serve but have no address of the families.
  std::vector<std::string> left_out;
};

/// Whether a pool has a server with this address now.
using address_test = std::function<bool(const std::string& address)>;

/// Chooses the servers for Services of these families in one pool:
/// - every node that was Ready at some time, unless its label or its taint keeps it out;
/// - a node that was not Ready yet only where the pool has it already (`present`), as after a
///   restart;
/// - where that makes none, the nodes with the label or the taint: those that the pool has, or else
///   all of them that were Ready. So the last one never leaves.
/// A node serves by its address of each family; with `ip_families::unknown` by its first
/// InternalIP.
node_choice choose_nodes(const node_list& list, ip_families families, const address_test& present);

/// Why choose_nodes() found none: how many nodes there are, and why each of them is out. At most
/// a few names of each kind.
std::string no_nodes_text(const node_list& list, ip_families families);
/// Which nodes get no traffic of such a Service, and why. At most a few names.
std::string left_out_text(const std::vector<std::string>& names, ip_families families);

/// How many nodes are in each state.
struct node_counts {
  std::size_t usable = 0;
  std::size_t never_ready = 0; ///< not Ready since this process knows them
  std::size_t excluded = 0;    ///< by the label or the taint
  std::size_t no_address = 0;  ///< without an InternalIP
};
node_counts count_nodes(const node_list& list);

} // namespace dklb::domain
