#include "sandbox/node/routes.hpp"

namespace dklb::sandbox {
namespace {

/// The port's number at this pod; 0 where the pod has no port of that name.
int resolve(const target_port& target, const pod& backend) {
  if (const int* number = std::get_if<int>(&target)) {
    return *number;
  }
  for (const container& item : backend.containers) {
    for (const container_port& port : item.ports) {
      if (port.name == std::get<std::string>(target)) {
        return port.number;
      }
    }
  }
  return 0;
}

bool serves(const pod& backend, const service& front, const node& entry) {
  return backend.name_space == front.name_space && selects(front.selector, backend.labels)
         && (!front.local_only || backend.node == entry.name);
}

void add_routes(route_table& table, const node& entry, const service& front,
                const std::vector<pod>& ready_pods) {
  for (const service_port& port : front.ports) {
    if (port.node_port == 0) {
      continue;
    }
    for (const pod& backend : ready_pods) {
      const int number = serves(backend, front, entry) ? resolve(port.target, backend) : 0;
      if (number != 0) {
        table[{entry.address, port.node_port}].push_back({backend.address, number});
      }
    }
  }
}

} // namespace

route_table routes_of(const std::vector<node>& nodes, const std::vector<service>& services,
                      const std::vector<pod>& ready_pods) {
  route_table table;
  for (const service& front : services) {
    // Without a selector it is nobody's: its endpoints would be written by hand.
    if (!front.has_node_ports || front.selector.empty()) {
      continue;
    }
    for (const node& entry : nodes) {
      add_routes(table, entry, front, ready_pods);
    }
  }
  return table;
}

} // namespace dklb::sandbox
