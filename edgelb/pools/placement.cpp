#include "edgelb/pools/placement.hpp"

#include <algorithm>
#include <iterator>

namespace dklb::edgelb {
namespace {

/// Pools of the public role run on public agents only. Pools of another role run on agents of that
/// role or of role `*`.
bool role_fits(const std::string& pool_role, const agent& candidate) {
  if (pool_role == public_role)
    return candidate.role == public_role;
  return candidate.role == pool_role || candidate.role == "*";
}

std::vector<agent> candidates_for(const std::vector<agent>& agents,
                                  const placement_request& request) {
  std::vector<agent> candidates;
  std::copy_if(agents.begin(), agents.end(), std::back_inserter(candidates),
               [&](const agent& candidate) {
                 return role_fits(request.role, candidate) && request.constraints.allow(candidate);
               });
  // Least load first. A stable sort keeps the order of the list among equals.
  const auto load_of = [&](const agent& candidate) {
    const auto found = request.load.find(candidate.private_address);
    return found == request.load.end() ? 0 : found->second;
  };
  std::stable_sort(
    candidates.begin(), candidates.end(),
    [&](const agent& left, const agent& right) { return load_of(left) < load_of(right); });
  // The agents of the pool's own instances come before all others, in their order.
  const auto rank = [&](const agent& candidate) {
    return std::find(request.current.begin(), request.current.end(), candidate.private_address)
           - request.current.begin();
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const agent& left, const agent& right) { return rank(left) < rank(right); });
  return candidates;
}

} // namespace

placement_result place(const std::vector<agent>& agents, const placement_request& request) {
  placement_result placed;
  const auto wanted = static_cast<std::size_t>(std::max(request.count, 0));
  std::string first_block;
  const auto candidates = candidates_for(agents, request);
  for (const auto& candidate : candidates) {
    if (placed.agents.size() == wanted)
      break;
    if (const auto why = request.blocked ? request.blocked(candidate) : std::nullopt) {
      if (first_block.empty())
        first_block = *why;
      continue;
    }
    placed.agents.push_back(candidate);
  }
  placed.pending = static_cast<int>(wanted - placed.agents.size());
  if (placed.pending == 0)
    return placed;
  placed.ports_taken = !first_block.empty();
  if (placed.ports_taken)
    placed.reason = first_block;
  else if (candidates.empty())
    placed.reason = "no agent has the role \"" + request.role + "\" and satisfies the constraints";
  else
    placed.reason = "each instance needs an agent of its own, and only "
                    + std::to_string(candidates.size()) + " will do";
  return placed;
}

} // namespace dklb::edgelb
