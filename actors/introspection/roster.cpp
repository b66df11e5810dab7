#include "actors/introspection/roster.hpp"

#include <utility>

namespace dklb::actors {

namespace {

/// What an actor's restarts are counted under.
std::string place_of(const char* kind, const std::string& key) {
  return std::string{kind} + "/" + key;
}

} // namespace

void roster::add(std::uint64_t id, const char* kind, const char* key,
                 messages::describable_actor handle) {
  const std::lock_guard lock{mutex_};
  members_.insert_or_assign(id, member{kind, key, std::move(handle)});
  note(kind, key);
}

void roster::remove(std::uint64_t id) {
  messages::describable_actor gone; // released outside the lock
  const std::lock_guard lock{mutex_};
  if (auto found = members_.find(id); found != members_.end()) {
    gone = std::move(found->second.handle);
    note(found->second.kind, found->second.key);
    members_.erase(found);
  }
}

messages::describable_actor roster::find(std::string_view kind) const {
  const std::lock_guard lock{mutex_};
  for (const auto& [id, item] : members_)
    if (item.kind == kind)
      return item.handle;
  return {};
}

std::string roster::name_of(std::uint64_t id) const {
  const std::lock_guard lock{mutex_};
  const auto found = members_.find(id);
  if (found == members_.end())
    return "actor";
  const auto& [kind, key, handle] = found->second;
  const std::string name{key};
  return name.empty() ? kind : kind + (" " + name);
}

void roster::restarted(const char* kind, const std::string& key) {
  const std::lock_guard lock{mutex_};
  ++restarts_[place_of(kind, key)];
}

std::vector<roster::entry> roster::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<entry> out;
  out.reserve(members_.size());
  for (const auto& [id, item] : members_) {
    const auto restarts = restarts_.find(place_of(item.kind, item.key));
    out.push_back(
      {id, item.kind, item.key, restarts == restarts_.end() ? 0 : restarts->second, item.handle});
  }
  return out;
}

std::map<std::string, std::size_t> roster::count() const {
  const std::lock_guard lock{mutex_};
  std::map<std::string, std::size_t> out;
  for (const auto& [id, item] : members_)
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

void roster::watch(const std::string& kind) {
  const std::lock_guard lock{mutex_};
  changes_.try_emplace(kind);
  watched_ = true;
}

void roster::unwatch(const std::string& kind) {
  const std::lock_guard lock{mutex_};
  changes_.erase(kind);
  watched_ = !changes_.empty();
}

void roster::changed(std::uint64_t id) {
  if (!watched_.load(std::memory_order_relaxed))
    return;
  const std::lock_guard lock{mutex_};
  if (const auto found = members_.find(id); found != members_.end())
    note(found->second.kind, found->second.key);
}

void roster::changed(const std::string& kind, const std::string& key) {
  if (!watched_.load(std::memory_order_relaxed))
    return;
  const std::lock_guard lock{mutex_};
  note(kind, key);
}

void roster::note(std::string_view kind, std::string_view key) {
  if (const auto found = changes_.find(kind); found != changes_.end())
    found->second.emplace(key);
}

std::set<std::string> roster::take_changes(const std::string& kind) {
  const std::lock_guard lock{mutex_};
  const auto found = changes_.find(kind);
  return found == changes_.end() ? std::set<std::string>{}
                                 : std::exchange(found->second, std::set<std::string>{});
}

} // namespace dklb::actors
