#pragma once

#include "edgelb/pools/agents.hpp"
#include "edgelb/rules/constraints.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// The instances of one pool, to be placed.
struct placement_request {
  std::string role;
  int count = 1;
  placement_constraints constraints;
  /// Addresses of which each must be one of a chosen agent's (listener::is_fixed).
  std::vector<std::string> addresses = {};
  /// The agents (by name) that run the pool now, in the order of its instances.
  std::vector<std::string> current;
  /// The number of instances that each agent (by name) runs, over all pools.
  std::map<std::string, int> load;
  /// Why the pool's ports cannot be bound on an agent. Empty if they can.
  std::function<std::optional<std::string>(const agent&)> blocked;
};

/// The agents for these instances.
struct placement_result {
  /// One per placed instance, in the order of the instances.
  std::vector<agent> agents;
  int pending = 0; ///< instances without an agent
  /// The addresses of the request that no chosen agent has.
  std::vector<std::string> unserved;
  /// Why instances are pending, or addresses are not served, for users.
  std::string reason;
  /// True if an instance is pending because its ports are taken on a suitable agent.
  bool ports_taken = false;
};

/// The agents that the role and the constraints allow, in their order.
std::vector<agent> suitable_agents(const std::vector<agent>& agents, const std::string& role,
                                   const placement_constraints& constraints);

/// Places the instances of a pool on different agents. First come the agents that the addresses of
/// the request need. Of the others, a running instance keeps its agent while that is suitable. A
/// new one goes to the suitable agent with the fewest instances; among equals, to the first. Pure,
/// except for the calls of `blocked`.
placement_result place(const std::vector<agent>& agents, const placement_request& request);

} // namespace dklb::edgelb
