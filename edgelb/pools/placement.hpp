#pragma once

#include "edgelb/pools/agents.hpp"
#include "edgelb/rules/constraints.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// What to place: the instances of one pool.
struct placement_request {
  std::string role;
  int count = 1;
  placement_constraints constraints;
  /// The agents (by private address) that run the pool now, in the order of its instances.
  std::vector<std::string> current;
  /// How many instances of all pools each agent (by private address) runs.
  std::map<std::string, int> load;
  /// Why the pool's ports cannot be bound there; nothing where they can.
  std::function<std::optional<std::string>(const agent&)> blocked;
};

struct placement_result {
  /// Where each placed instance runs, in the order of the instances.
  std::vector<agent> agents;
  int pending = 0;
  /// Why instances are pending; for people.
  std::string reason;
  /// Set where an agent would do but for its ports.
  bool ports_taken = false;
};

/// Places the instances of a pool on different agents. Those that run stay where they are as long
/// as that place will do; new ones go to the agent with the fewest instances, the first of equals.
/// Pure but for `blocked`.
placement_result place(const std::vector<agent>& agents, const placement_request& request);

} // namespace dklb::edgelb
