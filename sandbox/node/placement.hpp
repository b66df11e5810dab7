#pragma once

#include "sandbox/node/model.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dklb::sandbox {

/// The labels that a node has, hostname and operating system as kubelet sets them.
label_map node_labels(const node& which);

/// The scheduler: the node with the fewest pods (`load`, by node name) among those that the pod's
/// nodeSelector allows; the first of equals. Null where none is allowed.
const node* choose_node(const pod& which, const std::vector<node>& nodes,
                        const std::map<std::string, int>& load);

/// Hands out the loopback addresses of a range such as 127.0.2.0/24, each to one pod at a time.
class address_pool {
public:
  /// Nothing where `range` is no IPv4 range inside 127.0.0.0/8 with at least two addresses.
  static std::optional<address_pool> parse(const std::string& range);

  /// A free address; nothing where all are taken. The one just given back comes last, so that a
  /// late connection does not meet another pod.
  std::optional<std::string> take();
  /// Takes this one, e.g. for a pod that had it before a restart; false where it is not free.
  bool take(const std::string& address);
  void give_back(const std::string& address);

private:
  address_pool(std::uint32_t first, std::uint32_t last)
    : first_(first), last_(last), next_(first) {}

  std::uint32_t first_;
  std::uint32_t last_;
  std::uint32_t next_;
  std::set<std::uint32_t> taken_;
};

} // namespace dklb::sandbox
