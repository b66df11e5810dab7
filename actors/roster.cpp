#include "actors/roster.hpp"

#include <tuple>
#include <utility>

namespace dklb::actors {

void roster::add(entry item) {
  const std::lock_guard lock{mutex_};
  if (auto known = restarts_.find(std::string{item.kind} + "/" + item.key);
      known != restarts_.end())
    item.restarts = known->second;
  entries_.insert_or_assign(item.id, std::move(item));
}

void roster::remove(std::uint64_t id) {
  entry gone; // its handle is released outside the lock
  const std::lock_guard lock{mutex_};
  if (auto found = entries_.find(id); found != entries_.end()) {
    gone = std::move(found->second);
    entries_.erase(found);
  }
}

std::string roster::name_of(std::uint64_t id) const {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(id);
  if (found == entries_.end())
    return "actor";
  const auto& [kind, key] = std::tie(found->second.kind, found->second.key);
  return key.empty() ? kind : kind + (" " + key);
}

std::uint32_t roster::restarted(const char* kind, const std::string& key) {
  const std::lock_guard lock{mutex_};
  return ++restarts_[std::string{kind} + "/" + key];
}

std::vector<roster::entry> roster::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<entry> out;
  out.reserve(entries_.size());
  for (const auto& [id, item] : entries_)
    out.push_back(item);
  return out;
}

std::map<std::string, std::size_t> roster::count() const {
  const std::lock_guard lock{mutex_};
  std::map<std::string, std::size_t> out;
  for (const auto& [id, item] : entries_)
    ++out[item.kind];
  return out;
}

std::map<std::string, std::size_t> roster::restarts() const {
  const std::lock_guard lock{mutex_};
  std::map<std::string, std::size_t> out;
  for (const auto& [name, number] : restarts_)
    out[name.substr(0, name.find('/'))] += number;
  return out;
}

} // namespace dklb::actors
