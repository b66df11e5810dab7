// The upkeep of a pool: restore, restarts, changed tasks, drained instances; and its removal.
#include "edgelb/pools/managed_pool.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace dklb::edgelb {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto first_pause = std::chrono::milliseconds(250);
constexpr auto longest_pause = std::chrono::milliseconds(30000);
/// After this time without a failure, the back-off starts anew.
constexpr auto calm = std::chrono::seconds(60);

} // namespace

void managed_pool::restore(pool_record record, const std::vector<found_process>& running) {
  const std::lock_guard lock(working_);
  record_ = std::move(record);
  host_.plans.settle(*record_);
  auto ids = record_->draining;
  for (const auto& slot : record_->instances)
    ids.push_back(slot.id);
  for (const auto& id : ids) {
    auto instance = make_instance(id);
    if (instance->adopt(running))
      spdlog::info("pool {}: instance {} runs and is adopted", name_, id);
    instances_.emplace(id, std::move(instance));
  }
  for (const auto& id : record_->draining)
    instances_[id]->drain();
  // Agents and tasks may have changed since the last run. The first tend() compares and adjusts.
  settled_ = false;
  publish();
}

bool managed_pool::anything_dead() {
  const auto& draining = record_->draining;
  return std::any_of(instances_.begin(), instances_.end(), [&](auto& entry) {
    auto& [id, instance] = entry;
    const bool drains = std::find(draining.begin(), draining.end(), id) != draining.end();
    return drains ? instance->ended() : !instance->alive();
  });
}

bool managed_pool::drains_due(clock::time_point now) const {
  return std::any_of(instances_.begin(), instances_.end(),
                     [&](const auto& entry) { return entry.second->drains_due(now); });
}

bool managed_pool::may_try(clock::time_point now) const {
  return now >= next_try_ || (waits_for_room_ && releases_seen_ != host_.plans.releases());
}

bool managed_pool::needs_attention(clock::time_point now) {
  const std::unique_lock lock(working_, std::try_to_lock);
  if (!lock || removed_ || !record_)
    return false;
  if (drains_due(now))
    return true;
  if (!may_try(now))
    return false;
  return !settled_ || pending_ > 0 || rendered_tasks_ != host_.tasks() || anything_dead();
}

void managed_pool::postpone(clock::time_point now) {
  if (now - next_try_ > calm)
    pause_ = first_pause;
  else
    pause_ = std::min(pause_ * 2, longest_pause);
  next_try_ = now + pause_;
}

void managed_pool::collect_drained() {
  auto& draining = record_->draining;
  const auto before = draining.size();
  std::erase_if(draining, [&](const std::string& id) {
    const auto found = instances_.find(id);
    if (found == instances_.end())
      return true;
    if (!found->second->ended())
      return false;
    found->second->remove();
    instances_.erase(found);
    return true;
  });
  if (draining.size() == before)
    return;
  publish();
  if (auto saved = host_.store.save(*record_); !saved)
    spdlog::warn("pool {}: {}", name_, saved.failure().message);
}

void managed_pool::tend(clock::time_point now) {
  const std::lock_guard lock(working_);
  if (removed_ || !record_)
    return;
  for (auto& [id, instance] : instances_)
    instance->end_drained(now);
  if (!may_try(now))
    return;
  collect_drained();
  for (auto& [id, instance] : instances_)
    instance->rotate_log();
  const bool died = anything_dead();
  const bool waiting = pending_ > 0;
  if (settled_ && !waiting && !died && rendered_tasks_ == host_.tasks())
    return;
  if (died && settled_)
    spdlog::warn("pool {}: an instance has ended and is started again", name_);
  const auto wanted = record_->pool;
  if (auto done = realize(wanted, when_failing::go_on); !done) {
    spdlog::error("pool {}: {}", name_, done.failure().message);
    pending_reason_ = done.failure().message;
    publish();
    postpone(now);
    return;
  }
  // Back off from an instance that fails again and again, and from one that cannot be placed.
  if (died || waiting)
    postpone(now);
}

void managed_pool::stop() {
  const std::lock_guard lock(working_);
  for (auto& [id, instance] : instances_)
    instance->ask_to_end();
  for (auto& [id, instance] : instances_)
    instance->end();
  next_try_ = clock::time_point::max();
}

domain::result<domain::unit> managed_pool::remove() {
  const std::lock_guard lock(working_);
  if (removed_ || !record_)
    return failure(404, "there is no pool \"" + name_ + "\"");
  // The record first: after a crash here, the next start ends the instances that still run.
  if (auto gone = host_.store.remove(name_); !gone)
    return gone.failure();
  removed_ = true;
  {
    const std::lock_guard view_lock(viewing_);
    view_.reset();
  }
  for (auto& [id, instance] : instances_)
    instance->ask_to_end();
  for (auto& [id, instance] : instances_)
    instance->remove();
  instances_.clear();
  record_.reset();
  host_.plans.release(name_);
  return domain::unit{};
}

} // namespace dklb::edgelb
