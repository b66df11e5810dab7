#include "domain/pool/pool_inventory.hpp"

#include "domain/document/pool_document.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_set>

namespace dklb::domain {

namespace {

/// True where `before` has a port that `after` has not.
bool gave_up_a_port(const listed_pool& before, const listed_pool& after) {
  return std::ranges::any_of(before.ports, [&](const bound_port& had) {
    return std::ranges::find(after.ports, had.port, &bound_port::port) == after.ports.end();
  });
}

bool made_room(const std::optional<listed_pool>& before, const listed_pool& after) {
  return before && before->digest != after.digest && gave_up_a_port(*before, after);
}

} // namespace

listed_pool list_pool(std::string_view cluster, std::string name, const pool_snapshot& pool) {
  const auto document = document_of(pool);
  const auto owners = owners_in(cluster, document);
  listed_pool out{std::move(name),
                  pool.digest,
                  {owners.begin(), owners.end()},
                  std::string{role_of(document)},
                  {}};
  if (!networks_of(document).empty())
    return out;
  const auto note = [&out](const pool_document& port, std::string_view frontend) {
    if (const int number = port_number(port); number != 0)
      out.ports.push_back({number, std::string{frontend}});
  };
  for (const auto& frontend : objects(document, "frontends"))
    note(member(frontend, "bindPort"), text(member(frontend, "name")));
  note(member(member(member(document, "haproxy"), "stats"), "bindPort"), {});
  out.ports.shrink_to_fit();
  return out;
}

bool pool_inventory::seen(listed_pool pool) {
  auto& known = pools_[pool.name];
  const bool room = made_room(known.pool, pool);
  known.told = true;
  known.actor_digest = pool.digest;
  known.pool = std::move(pool);
  return room;
}

bool pool_inventory::seen_again(const std::string& name, std::uint64_t digest) {
  if (known(name, digest) == nullptr)
    return false;
  auto& same = pools_[name];
  same.told = true;
  same.actor_digest = digest;
  return true;
}

bool pool_inventory::seen_absent(const std::string& name) {
  auto& known = pools_[name];
  const bool was = known.pool.has_value();
  known = {std::nullopt, true, std::nullopt};
  return was;
}

void pool_inventory::closed(const std::string& name) {
  const auto found = pools_.find(name);
  if (found == pools_.end())
    return;
  found->second.told = false;
  if (!found->second.pool)
    pools_.erase(found);
}

inventory_news pool_inventory::update(std::vector<listed_pool> pools) {
  inventory_news news;
  std::unordered_set<std::string> names;
  for (auto& pool : pools) {
    names.insert(pool.name);
    auto& known = pools_[pool.name];
    news.room |= made_room(known.pool, pool);
    known.pool = std::move(pool);
  }
  for (auto& [name, known] : pools_) {
    if (!names.contains(name)) {
      news.room |= known.pool.has_value();
      known.pool.reset();
    }
    if (known.told
        && (known.pool ? std::optional{known.pool->digest} : std::nullopt) != known.actor_digest)
      news.drifted.push_back(name);
  }
  // Whoever waits for a pool that is not there hears of it once it is.
  std::erase_if(pools_, [](const auto& known) { return !known.second.pool && !known.second.told; });
  std::ranges::sort(news.drifted);
  read_ = true;
  return news;
}

bool pool_inventory::known_to_actor(const std::string& name) const {
  const auto found = pools_.find(name);
  return found != pools_.end() && found->second.told;
}

bool pool_inventory::exists(const std::string& name) const {
  const auto found = pools_.find(name);
  return found != pools_.end() && found->second.pool;
}

const listed_pool* pool_inventory::known(const std::string& name, std::uint64_t digest) const {
  const auto found = pools_.find(name);
  return found != pools_.end() && found->second.pool && found->second.pool->digest == digest
           ? &*found->second.pool
           : nullptr;
}

std::vector<std::string> pool_inventory::pools_of(const service_key& service) const {
  std::vector<std::string> out;
  for (const auto& [name, known] : pools_)
    if (known.pool && std::ranges::count(known.pool->owners, service) != 0)
      out.push_back(name);
  std::ranges::sort(out);
  return out;
}

std::vector<std::pair<std::string, service_key>> pool_inventory::owners() const {
  std::vector<std::pair<std::string, service_key>> out;
  for (const auto& [name, known] : pools_)
    if (known.pool)
      for (const auto& owner : known.pool->owners)
        out.emplace_back(name, owner);
  std::ranges::sort(out);
  return out;
}

std::vector<port_user> pool_inventory::users_of(const std::vector<int>& ports,
                                                const std::string& role,
                                                const std::string& other_than) const {
  std::vector<port_user> out;
  for (const auto& [name, known] : pools_) {
    if (name == other_than || !known.pool || known.pool->role != role)
      continue;
    for (const auto& bound : known.pool->ports)
      if (std::ranges::count(ports, bound.port) != 0)
        out.push_back({bound.port, name, bound.frontend});
  }
  std::ranges::sort(out, {}, [](const port_user& user) { return std::tie(user.port, user.pool); });
  return out;
}

} // namespace dklb::domain
