#include "edgelb/pools/managed_pool.hpp"

#include "edgelb/api/metadata.hpp"
#include "edgelb/metrics/exporter.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <thread>

namespace dklb::edgelb {
namespace {

/// The name of an instance's folder. Short, because it is part of the path of a socket.
std::string random_id() {
  thread_local std::mt19937_64 source{std::random_device{}()};
  std::ostringstream made;
  made << std::hex << (source() & 0xffffffffU);
  return made.str();
}

/// The fields of a pool that describe its instances. A change of them replaces the instances. A
/// change of `haproxy` only reloads them, and a change of `count` leaves the remaining ones alone.
document pool_section(const document& pool) {
  document section = pool;
  section.erase("haproxy");
  section.erase("count");
  return section;
}

} // namespace

managed_pool::managed_pool(const pool_host& host, std::string name)
  : host_(host), name_(std::move(name)) {}

std::unique_ptr<haproxy_instance> managed_pool::make_instance(const std::string& id) const {
  return std::make_unique<haproxy_instance>(host_.program, host_.instances / id);
}

domain::result<document> managed_pool::apply(const document& wanted) {
  const std::lock_guard lock(working_);
  if (removed_)
    return failure(404, "there is no pool \"" + name_ + "\"");
  if (record_ && same_meaning(record_->pool, wanted))
    return record_->pool;
  if (auto done = realize(wanted, when_failing::undo); !done)
    return done.failure();
  return record_->pool;
}

domain::result<rendered> managed_pool::render_for(const attempt& change, const std::string& id,
                                                  const agent& where) const {
  const auto folder = (host_.instances / id).string();
  auto text = render({change.pool, where, change.layout.ports, *change.tasks, folder,
                      host_.drain_time, read_hosts_file()});
  if (!text || !host_.program.has_exporter())
    return text;
  return with_exporter(std::move(*text), folder);
}

domain::result<managed_pool::attempt> managed_pool::prepare(const document& wanted) const {
  auto layout = host_.plans.plan(wanted, record_ ? &*record_ : nullptr);
  if (!layout)
    return layout.failure();
  attempt change{wanted, std::move(*layout), host_.tasks(), {}, false};
  if (auto done = set_targets(change); !done)
    return done.failure();
  if (auto accepted = check(change); !accepted)
    return accepted.failure();
  return change;
}

domain::result<domain::unit> managed_pool::set_targets(attempt& change) const {
  const bool replaces =
    record_ && !same_meaning(pool_section(record_->pool), pool_section(change.pool));
  for (const auto& where : change.layout.agents) {
    target one{{"", where.name()}, where, {}, {}};
    if (record_) {
      for (const auto& slot : record_->instances) {
        if (slot.agent == where.name())
          (replaces ? one.predecessor : one.slot.id) = slot.id;
      }
    }
    if (one.slot.id.empty())
      one.slot.id = random_id();
    auto text = render_for(change, one.slot.id, where);
    if (!text)
      return text.failure();
    one.text = std::move(*text);
    change.targets.push_back(std::move(one));
  }
  return domain::unit{};
}

domain::result<domain::unit> managed_pool::check(const attempt& change) const {
  // The texts of two instances differ in their addresses, and in frontends on one machine's
  // address.
  const auto listeners = listeners_of(change.pool);
  const bool differ = std::any_of(listeners.begin(), listeners.end(),
                                  [](const listener& one) { return one.is_fixed(); });
  for (const auto& one : change.targets) {
    auto accepted = host_.program.check(one.text.text, host_.scratch);
    if (!accepted || !differ)
      return accepted;
  }
  if (!change.targets.empty())
    return domain::unit{};
  // No instance can be placed yet, but HAProxy must check the document all the same.
  auto trial = change;
  agent nowhere;
  nowhere.private_addresses = {"127.0.0.1", "::1"};
  for (const auto& one : listeners) {
    trial.layout.ports.emplace(one.key, 1);
    if (one.is_fixed())
      nowhere.private_addresses.push_back(one.bind_address);
  }
  auto text = render_for(trial, "unplaced", nowhere);
  if (!text)
    return text.failure();
  return host_.program.check(text->text, host_.scratch);
}

domain::result<domain::unit> managed_pool::bring_up(const target& wanted, undo_list& undo) {
  auto& instance = instances_[wanted.slot.id];
  if (!instance)
    instance = make_instance(wanted.slot.id);
  if (!instance->alive())
    return start(wanted, *instance, undo);
  if (instance->runs(wanted.text))
    return domain::unit{};
  const auto before = instance->live();
  if (auto done = instance->change(wanted.text); !done)
    return done.failure();
  undo.emplace_back([running = instance.get(), before] { (void)running->change(before); });
  return domain::unit{};
}

domain::result<domain::unit> managed_pool::start(const target& wanted, haproxy_instance& instance,
                                                 undo_list& undo) {
  const auto before = instances_.find(wanted.predecessor);
  const bool hands_over = before != instances_.end() && before->second->alive();
  const bool existed = std::filesystem::exists(instance.folder());
  auto started = instance.start(wanted.text, hands_over ? before->second.get() : nullptr);
  // An instance of the former pool stays as an ended part of it. A new one is removed again.
  auto back = [this, id = wanted.slot.id, existed] {
    if (existed) {
      instances_[id]->end();
      return;
    }
    instances_[id]->remove();
    instances_.erase(id);
  };
  if (started) {
    spdlog::info("pool {}: instance {} serves on {}", name_, wanted.slot.id, wanted.slot.agent);
    undo.emplace_back(back);
  } else {
    back();
  }
  return started;
}

domain::result<domain::unit> managed_pool::keep(const attempt& change) {
  pool_record record{change.pool, change.layout.ports, {}, {}};
  for (const auto& one : change.targets)
    record.instances.push_back(one.slot);
  if (record_) {
    record.draining = record_->draining;
    for (const auto& slot : record_->instances) {
      if (std::find(record.instances.begin(), record.instances.end(), slot)
          == record.instances.end())
        record.draining.push_back(slot.id);
    }
  }
  if (!record_ || to_text(*record_) != to_text(record)) {
    if (auto saved = host_.store.save(record); !saved)
      return saved.failure();
  }
  record_ = std::move(record);
  return domain::unit{};
}

void managed_pool::settle_plans() {
  if (record_)
    host_.plans.settle(*record_);
  else
    host_.plans.release(name_);
}

void managed_pool::drain_replaced() {
  for (const auto& id : record_->draining) {
    if (const auto found = instances_.find(id); found != instances_.end())
      found->second->drain();
  }
}

void managed_pool::wait_until_freed() const {
  // The former process closes its listeners a moment after the new one is live. A freed port must
  // really be free, or the next pool that takes it would be refused.
  constexpr auto limit = std::chrono::seconds(2);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (const auto& socket : host_.plans.freed_by(*record_)) {
    while (probe(socket) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void managed_pool::report_pending(const attempt& change) {
  const auto reason = pending_ > 0 ? change.layout.reason : std::string{};
  if (!reason.empty() && reason != pending_reason_)
    spdlog::warn("pool {}: {} of {} instances wait: {}", name_, pending_,
                 integer_at(change.pool, "count", 1), reason);
  pending_reason_ = reason;
}

domain::result<domain::unit> managed_pool::carry_out(attempt& change, when_failing policy) {
  undo_list undo;
  domain::result<domain::unit> outcome = domain::unit{};
  for (const auto& one : change.targets) {
    auto up = bring_up(one, undo);
    if (!up)
      outcome = up;
    if (!up && policy == when_failing::undo)
      break;
  }
  if (policy == when_failing::go_on)
    std::erase_if(change.targets,
                  [&](const target& one) { return instances_.count(one.slot.id) == 0; });
  const bool keeps = outcome || policy == when_failing::go_on;
  auto kept = keeps ? keep(change) : outcome;
  change.kept = kept.has_value();
  if (change.kept)
    return outcome;
  std::for_each(undo.rbegin(), undo.rend(), [](const auto& step) { step(); });
  return kept;
}

domain::result<domain::unit> managed_pool::realize(const document& wanted, when_failing policy) {
  releases_seen_ = host_.plans.releases();
  auto change = prepare(wanted);
  waits_for_room_ = !change || change->layout.pending > 0;
  auto outcome =
    change ? carry_out(*change, policy) : domain::result<domain::unit>(change.failure());
  const bool changed = change && change->kept;
  if (changed) {
    drain_replaced();
    wait_until_freed();
  }
  settle_plans();
  if (!changed)
    return outcome;
  pending_ = change->layout.pending;
  rendered_tasks_ = outcome ? change->tasks : nullptr;
  settled_ = true;
  report_pending(*change);
  publish();
  return outcome;
}

std::vector<instance_view> managed_pool::instance_views() const {
  std::vector<instance_view> views;
  const auto& draining = record_->draining;
  for (const auto& [id, instance] : instances_)
    views.push_back({id, instance->folder(),
                     std::find(draining.begin(), draining.end(), id) != draining.end(),
                     instance->restarts(), instance->reloads()});
  return views;
}

void managed_pool::publish() {
  auto made = std::make_shared<pool_view>();
  made->pool = record_->pool;
  made->ports = record_->ports;
  made->waits_because = pending_reason_;
  made->waiting = pending_;
  made->instances = instance_views();
  std::vector<agent> reachable;
  for (const auto& slot : record_->instances) {
    const auto found = instances_.find(slot.id);
    const auto where = host_.plans.place_of(slot.agent);
    if (found == instances_.end() || !found->second->known() || !where)
      continue;
    if (made->configuration.empty())
      made->configuration = found->second->live().text;
    reachable.push_back(*where);
  }
  if (!reachable.empty())
    made->metadata = metadata_of(made->pool, made->ports, reachable);
  const std::lock_guard lock(viewing_);
  view_ = std::move(made);
}

std::shared_ptr<const pool_view> managed_pool::view() const {
  const std::lock_guard lock(viewing_);
  return view_;
}

} // namespace dklb::edgelb
