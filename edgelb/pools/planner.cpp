#include "edgelb/pools/planner.hpp"

#include <algorithm>
#include <iterator>

namespace dklb::edgelb {
namespace {

/// The fixed ports, and the free ports that the pool has already and can keep.
std::map<std::string, int> known_ports(const std::vector<listener>& listeners,
                                       const pool_record* before) {
  std::map<std::string, int> known;
  std::set<int> fixed;
  for (const auto& one : listeners) {
    if (one.port == 0)
      continue;
    known[one.key] = one.port;
    fixed.insert(one.port);
  }
  if (before == nullptr)
    return known;
  for (const auto& one : listeners) {
    const auto had = before->ports.find(one.key);
    if (one.port == 0 && had != before->ports.end() && fixed.count(had->second) == 0)
      known[one.key] = had->second;
  }
  return known;
}

/// The first port to try for a free one: for the statistics, the default port of the API.
int preferred_port(const listener& one) {
  constexpr int usual_stats_port = 9090;
  return one.key == stats_key ? usual_stats_port : 0;
}

} // namespace

std::optional<agent> planner::place_of(const std::string& name) const {
  const auto found = std::find_if(agents_.begin(), agents_.end(),
                                  [&](const agent& one) { return one.name() == name; });
  return found == agents_.end() ? std::nullopt : std::optional(*found);
}

planner::holding planner::holding_of(const pool_record& record) const {
  holding held;
  std::vector<agent> places;
  for (const auto& slot : record.instances) {
    held.agents.push_back(slot.agent);
    if (const auto where = place_of(slot.agent))
      places.push_back(*where);
  }
  held.sockets = sockets_of(listeners_of(record.pool), record.ports, places);
  return held;
}

std::optional<std::string> planner::refusal(const std::string& pool,
                                            const socket_address& where) const {
  const auto what = "port " + std::to_string(where.second) + " on " + where.first + " ";
  const auto holder = table_.holder(where);
  if (holder && *holder != pool)
    return what + "belongs to the pool " + *holder;
  const auto own = settled_.find(pool);
  if (own != settled_.end() && own->second.sockets.count(where) != 0)
    return {}; // the pool's own HAProxy listens there
  if (const auto why = probe(where))
    return what + *why;
  return {};
}

std::optional<std::string> planner::blocked(const std::string& pool,
                                            const std::vector<listener>& listeners,
                                            const std::map<std::string, int>& ports,
                                            const agent& where) const {
  for (const auto& one : listeners) {
    if (!one.is_fixed() && one.addresses_on(where).empty())
      return "the agent " + where.name() + " has no IPv6 address";
  }
  for (const auto& socket : sockets_of(listeners, ports, {where})) {
    if (auto why = refusal(pool, socket))
      return why;
  }
  return {};
}

domain::result<domain::unit> planner::choose_free_ports(const std::string& pool,
                                                        const std::vector<listener>& listeners,
                                                        pool_layout& layout) const {
  for (const auto& one : listeners) {
    if (layout.agents.empty() || layout.ports.count(one.key) != 0)
      continue;
    const auto chosen = sockets_of(listeners, layout.ports, layout.agents);
    const auto free = [&](int port) {
      const auto wanted = sockets_of({one}, {{one.key, port}}, layout.agents);
      return std::none_of(wanted.begin(), wanted.end(), [&](const socket_address& socket) {
        return chosen.count(socket) != 0 || refusal(pool, socket).has_value();
      });
    };
    const auto port = choose_port(pool + "/" + one.key, preferred_port(one), free);
    if (!port)
      return failure(400, "no free port is left for " + one.key + " of the pool " + pool);
    layout.ports[one.key] = *port;
  }
  return domain::unit{};
}

std::string planner::free_addresses(const std::string& pool, const std::vector<agent>& agents,
                                    const listener& what) const {
  constexpr std::size_t most = 16;
  std::vector<std::string> free;
  for (const auto& where : agents) {
    auto outside = where.public_addresses;
    outside.insert(outside.end(), where.private_addresses.begin(), where.private_addresses.end());
    for (const auto& address : outside) {
      const listener there{what.key, address, what.port};
      const auto sockets = sockets_of({there}, {{what.key, what.port}}, {where});
      const bool taken =
        what.port != 0 && std::any_of(sockets.begin(), sockets.end(), [&](const auto& socket) {
          return refusal(pool, socket).has_value();
        });
      const bool listed = std::find(free.begin(), free.end(), address) != free.end();
      if (!taken && !listed && is_ipv6(address) == is_ipv6(what.bind_address))
        free.push_back(address);
    }
  }
  if (free.empty())
    return "none is free";
  std::string text = "free are: ";
  for (std::size_t index = 0; index < std::min(free.size(), most); ++index)
    text += (index == 0 ? "" : ", ") + free[index];
  return free.size() <= most ? text : text + " and " + std::to_string(free.size() - most) + " more";
}

std::optional<std::string> planner::unreachable(const document& pool,
                                                const std::vector<listener>& listeners,
                                                const placement_constraints& constraints) const {
  const auto role = text_at(pool, "role");
  const auto suitable = suitable_agents(agents_, role, constraints);
  for (const auto& one : listeners) {
    if (std::any_of(suitable.begin(), suitable.end(),
                    [&](const agent& where) { return !one.addresses_on(where).empty(); }))
      continue;
    const auto nobody = "no machine of role \"" + role + "\" ";
    if (one.is_fixed())
      return nobody + "has the address " + one.bind_address + "; "
             + free_addresses(text_at(pool, "name"), suitable, one);
    // A pool without any agent waits for one, as it always did.
    if (!suitable.empty())
      return nobody + "has an IPv6 address, which " + one.key + " needs to bind ::";
  }
  return {};
}

placement_request planner::request_for(const document& pool, const pool_record* before,
                                       const placement_constraints& constraints) const {
  placement_request request;
  request.role = text_at(pool, "role");
  request.count = integer_at(pool, "count", 1);
  request.constraints = constraints;
  for (const auto& [other, held] : settled_) {
    for (const auto& where : held.agents)
      ++request.load[where];
  }
  if (before != nullptr) {
    for (const auto& slot : before->instances)
      request.current.push_back(slot.agent);
  }
  for (const auto& one : listeners_of(pool)) {
    if (one.is_fixed())
      request.addresses.push_back(one.bind_address);
  }
  return request;
}

domain::result<pool_layout> planner::plan(const document& pool, const pool_record* before) {
  const std::lock_guard lock(mutex_);
  const auto name = text_at(pool, "name");
  const auto listeners = listeners_of(pool);
  auto constraints = placement_constraints::parse(member_at(pool, "constraints"));
  if (!constraints)
    return constraints.failure();
  if (const auto why = unreachable(pool, listeners, *constraints))
    return failure(400, *why);
  pool_layout layout;
  layout.ports = known_ports(listeners, before);
  auto request = request_for(pool, before, *constraints);
  request.blocked = [&](const agent& where) {
    return blocked(name, listeners, layout.ports, where);
  };
  const auto placed = place(agents_, request);
  if (!placed.unserved.empty()) {
    const auto suitable = suitable_agents(agents_, request.role, *constraints);
    const auto fixed = std::find_if(listeners.begin(), listeners.end(), [&](const listener& one) {
      return one.is_fixed() && one.bind_address == placed.unserved.front();
    });
    return failure(400, "the pool cannot have the address " + placed.unserved.front() + ": "
                          + placed.reason + "; " + free_addresses(name, suitable, *fixed));
  }
  if (placed.agents.empty() && placed.ports_taken)
    return failure(400, "the pool cannot run on any agent: " + placed.reason);
  layout.agents = placed.agents;
  layout.pending = placed.pending;
  layout.reason = placed.reason;
  if (auto chosen = choose_free_ports(name, listeners, layout); !chosen)
    return chosen.failure();
  // Reserve both the new and the present sockets, until the change has succeeded or failed.
  auto reserved = sockets_of(listeners, layout.ports, layout.agents);
  const auto own = settled_.find(name);
  if (own != settled_.end())
    reserved.insert(own->second.sockets.begin(), own->second.sockets.end());
  table_.assign(name, reserved);
  return layout;
}

std::set<socket_address> planner::freed_by(const pool_record& now) const {
  const std::lock_guard lock(mutex_);
  const auto kept = holding_of(now).sockets;
  const auto own = settled_.find(text_at(now.pool, "name"));
  std::set<socket_address> freed;
  if (own == settled_.end())
    return freed;
  std::set_difference(own->second.sockets.begin(), own->second.sockets.end(), kept.begin(),
                      kept.end(), std::inserter(freed, freed.end()));
  return freed;
}

void planner::settle(const pool_record& now) {
  const std::lock_guard lock(mutex_);
  const auto name = text_at(now.pool, "name");
  auto held = holding_of(now);
  if (table_.assign(name, held.sockets))
    ++releases_;
  settled_[name] = std::move(held);
}

void planner::release(const std::string& pool) {
  const std::lock_guard lock(mutex_);
  settled_.erase(pool);
  if (table_.release(pool))
    ++releases_;
}

} // namespace dklb::edgelb
