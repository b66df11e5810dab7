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

/// All suitable agents, the best first.
std::vector<agent> candidates_for(const std::vector<agent>& agents,
                                  const placement_request& request) {
  auto candidates = suitable_agents(agents, request.role, request.constraints);
  // Least load first. A stable sort keeps the order of the list among equals.
  const auto load_of = [&](const agent& candidate) {
    const auto found = request.load.find(candidate.name());
    return found == request.load.end() ? 0 : found->second;
  };
  std::stable_sort(
    candidates.begin(), candidates.end(),
    [&](const agent& left, const agent& right) { return load_of(left) < load_of(right); });
  // The agents of the pool's own instances come before all others, in their order.
  const auto rank = [&](const agent& candidate) {
    return std::find(request.current.begin(), request.current.end(), candidate.name())
           - request.current.begin();
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const agent& left, const agent& right) { return rank(left) < rank(right); });
  return candidates;
}

/// Chooses among candidates, which it asks at most once each whether they are blocked.
class chooser {
public:
  chooser(const std::vector<agent>& candidates, const placement_request& request)
    : candidates_(candidates), request_(request), states_(candidates.size(), state::unknown) {}

  /// Chooses an agent with this address, unless one is chosen already. False if there is none.
  bool take_one_with(const std::string& address) {
    for (std::size_t index = 0; index < candidates_.size(); ++index) {
      if (states_[index] == state::chosen && candidates_[index].has(address))
        return true;
    }
    for (std::size_t index = 0; index < candidates_.size(); ++index) {
      if (candidates_[index].has(address) && take(index))
        return true;
    }
    return false;
  }

  /// Chooses the first ones that are left.
  void fill() {
    for (std::size_t index = 0; index < candidates_.size() && has_room(); ++index)
      take(index);
  }

  /// The chosen ones, in the order of the candidates.
  std::vector<agent> chosen() const {
    std::vector<agent> agents;
    for (std::size_t index = 0; index < candidates_.size(); ++index) {
      if (states_[index] == state::chosen)
        agents.push_back(candidates_[index]);
    }
    return agents;
  }

  bool has_room() const { return count_ < request_.count; }
  const std::string& first_block() const { return first_block_; }

private:
  enum class state { unknown, blocked, chosen };

  bool take(std::size_t index) {
    if (!has_room() || states_[index] != state::unknown)
      return false;
    const auto why = request_.blocked ? request_.blocked(candidates_[index]) : std::nullopt;
    states_[index] = why ? state::blocked : state::chosen;
    if (why && first_block_.empty())
      first_block_ = *why;
    count_ += why ? 0 : 1;
    return !why;
  }

  const std::vector<agent>& candidates_;
  const placement_request& request_;
  std::vector<state> states_;
  int count_ = 0;
  std::string first_block_;
};

} // namespace

std::vector<agent> suitable_agents(const std::vector<agent>& agents, const std::string& role,
                                   const placement_constraints& constraints) {
  std::vector<agent> suitable;
  std::copy_if(agents.begin(), agents.end(), std::back_inserter(suitable),
               [&](const agent& candidate) {
                 return role_fits(role, candidate) && constraints.allow(candidate);
               });
  return suitable;
}

placement_result place(const std::vector<agent>& agents, const placement_request& request) {
  placement_result placed;
  const auto candidates = candidates_for(agents, request);
  chooser choice(candidates, request);
  for (const auto& address : request.addresses) {
    if (request.count > 0 && !choice.take_one_with(address))
      placed.unserved.push_back(address);
  }
  const bool room_for_addresses = choice.has_room() || placed.unserved.empty();
  choice.fill();
  placed.agents = choice.chosen();
  placed.pending = std::max(request.count, 0) - static_cast<int>(placed.agents.size());
  if (placed.pending == 0 && placed.unserved.empty())
    return placed;
  placed.ports_taken = !choice.first_block().empty();
  if (!room_for_addresses)
    placed.reason = "its frontends bind addresses of more machines than it has instances";
  else if (placed.ports_taken)
    placed.reason = choice.first_block();
  else if (candidates.empty())
    placed.reason = "no agent has the role \"" + request.role + "\" and satisfies the constraints";
  else
    placed.reason = "each instance needs an agent of its own, and only "
                    + std::to_string(candidates.size()) + " will do";
  return placed;
}

} // namespace dklb::edgelb
