#pragma once

#include "sandbox/node/model.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dklb::sandbox {

/// The labels of a node: hostname and operating system, as kubelet sets them.
label_map node_labels(const node& which);

/// The scheduler's choice: the node with the fewest pods (`load`, by node name) that the pod's
/// nodeSelector allows. Among equals, the first. Null if no node is allowed.
const node* choose_node(const pod& which, const std::vector<node>& nodes,
                        const std::map<std::string, int>& load);

/// The loopback addresses of a range such as 127.0.2.0/24, each for one pod at a time. Not
/// thread-safe.
class address_pool {
public:
  /// Empty if `range` is not an IPv4 range in 127.0.0.0/8 with at least two addresses.
  static std::optional<address_pool> parse(const std::string& range);

  /// A free address. Empty if all are taken. A returned address is reused last, so that a late
  /// connection does not reach another pod.
  std::optional<std::string> take();
  /// Takes this address, e.g. for a pod that had it before a restart. False if it is not free.
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
