#include "sandbox/node/routes.hpp"

#include <algorithm>

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

bool is_ipv6(const std::string& address) {
  return address.find(':') != std::string::npos;
}

std::vector<socket_address> targets_of(const service_port& port, const service& front,
                                       const node& entry, const std::vector<pod>& ready_pods) {
  std::vector<socket_address> lasting;
  std::vector<socket_address> ending;
  for (const pod& backend : ready_pods) {
    const int number = serves(backend, front, entry) ? resolve(port.target, backend) : 0;
    if (number != 0) {
      (backend.deleting ? ending : lasting).push_back({backend.address, number});
    }
  }
  return lasting.empty() ? ending : lasting;
}

void add_routes(route_table& table, const node& entry, const service& front,
                const std::vector<pod>& ready_pods) {
  for (const service_port& port : front.ports) {
    if (port.node_port == 0) {
      continue;
    }
    const auto targets = targets_of(port, front, entry, ready_pods);
    for (const std::string& address : entry.addresses) {
      if (!targets.empty() && (is_ipv6(address) ? front.ipv6 : front.ipv4)) {
        table[{address, port.node_port}] = targets;
      }
    }
  }
}

/// Without a selector it is nobody's: its endpoints would be written by hand.
bool is_served(const service& front) {
  return front.has_node_ports && !front.selector.empty();
}

} // namespace

route_table routes_of(const std::vector<node>& nodes, const std::vector<service>& services,
                      const std::vector<pod>& ready_pods) {
  route_table table;
  for (const service& front : services) {
    if (!is_served(front)) {
      continue;
    }
    for (const node& entry : nodes) {
      add_routes(table, entry, front, ready_pods);
    }
  }
  return table;
}

health_table healths_of(const std::vector<node>& nodes, const std::vector<service>& services,
                        const std::vector<pod>& ready_pods) {
  health_table table;
  for (const service& front : services) {
    if (!is_served(front) || !front.local_only || front.health_check_port == 0) {
      continue;
    }
    for (const node& entry : nodes) {
      const auto local =
        std::count_if(ready_pods.begin(), ready_pods.end(), [&](const pod& backend) {
          return !backend.deleting && serves(backend, front, entry);
        });
      for (const std::string& address : entry.addresses) {
        table[{address, front.health_check_port}] = {front.name_space, front.name,
                                                     static_cast<int>(local)};
      }
    }
  }
  return table;
}

} // namespace dklb::sandbox
