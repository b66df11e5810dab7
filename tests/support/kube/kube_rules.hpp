#pragma once

#include "tests/support/kube/kube_store.hpp"

#include <memory>
#include <set>

namespace dklb::support {

/// Allocates node ports, as the API server does for Services of type NodePort and LoadBalancer.
class node_port_allocator {
public:
  void set_range(int first, int last);
  /// A free port. 0 if all ports of the range are in use.
  int allocate();
  void take(int port) { taken_.insert(port); }
  void release(int port) { taken_.erase(port); }

private:
  int first_ = 30000;
  int last_ = 32767;
  int next_ = 30000;
  std::set<int> taken_;
};

/// Defaults and validation of Services: cluster address, port defaults, node ports, `ipMode: VIP`
/// on addresses, well-formed addresses and conditions.
kube_rules service_rules(std::shared_ptr<node_port_allocator> ports);
/// Validation of events.k8s.io/v1 and core/v1 Events.
kube_rules event_rules();

} // namespace dklb::support
