#include "domain/pool_inventory.hpp"

#include <algorithm>

namespace dklb::domain {

void pool_inventory::seen(const std::string& name, std::optional<std::uint64_t> digest) {
  auto& item = pools_[name];
  item.told = true;
  item.actor_digest = digest;
  item.listed = digest.has_value();
}

std::vector<std::string> pool_inventory::update(std::vector<listed_pool> pools) {
  read_ = true;
  for (auto& [name, item] : pools_)
    item.listed = false;
  for (auto& pool : pools) {
    auto& item = pools_[pool.name];
    item.listed = true;
    item.digest = pool.digest;
    item.owners = std::move(pool.owners);
  }
  std::vector<std::string> drifted;
  for (const auto& [name, item] : pools_)
    if (item.told && (item.listed ? item.digest : std::nullopt) != item.actor_digest)
      drifted.push_back(name);
  std::erase_if(pools_, [](const auto& item) { return !item.second.listed; });
  std::sort(drifted.begin(), drifted.end());
  return drifted;
}

bool pool_inventory::known_to_actor(const std::string& name) const {
  const auto found = pools_.find(name);
  return found != pools_.end() && found->second.told;
}

bool pool_inventory::exists(const std::string& name) const {
  const auto found = pools_.find(name);
  return found != pools_.end() && found->second.listed;
}

const std::vector<service_key>* pool_inventory::owners_of(const std::string& name,
                                                          std::uint64_t digest) const {
  const auto found = pools_.find(name);
  return found != pools_.end() && found->second.digest == digest ? &found->second.owners : nullptr;
}

std::vector<std::string> pool_inventory::pools_of(const service_key& service) const {
  std::vector<std::string> out;
  for (const auto& [name, item] : pools_)
    if (std::find(item.owners.begin(), item.owners.end(), service) != item.owners.end())
      out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::pair<std::string, service_key>> pool_inventory::owners() const {
  std::vector<std::pair<std::string, service_key>> out;
  for (const auto& [name, item] : pools_)
    for (const auto& owner : item.owners)
      out.emplace_back(name, owner);
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace dklb::domain
