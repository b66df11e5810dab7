#include "actors/service/status_writer.hpp"

#include "domain/service/service_phase.hpp"

#include <utility>

namespace dklb::actors {

using namespace messages;

status_writer_state::entry* status_writer_state::find(const domain::service_key& key,
                                                      const std::string& uid) {
  const auto found = entries_.find(key);
  // What concerns an object of that name that is gone must not touch its successor.
  if (found == entries_.end()
      || (found->second.object && !uid.empty() && found->second.object->uid != uid))
    return nullptr;
  return &found->second;
}

void status_writer_state::track(const track_status& what) {
  auto& item = entries_[what.object->key];
  if (item.object && item.object->uid != what.object->uid)
    item = entry{};
  item.owner = caf::actor_cast<service_actor>(self_->current_sender());
  if (!counts(item, what.object))
    return;
  // The answer to our own patch has told of this version already.
  const auto known = item.object && item.object->resource_version == what.object->resource_version;
  item.object = what.object;
  // While one is written, this may be its echo; the answer tells.
  if (!known && !item.busy)
    consider(item);
}

/// Whether a snapshot is not older than our own write; it is looked at again where it may be.
bool status_writer_state::counts(entry& item, const service_ptr& object) {
  const auto verdict = item.writes.accept(object, now(self_));
  if (verdict == echo_guard::verdict::first_held)
    self_->delayed_send(self_, domain::echo_timeout, messages::echo_overdue{object->key});
  return verdict == echo_guard::verdict::newest;
}

void status_writer_state::untrack(const untrack_status& what) {
  auto* item = find(what.service, what.uid);
  if (item == nullptr)
    return;
  if (item->withdrawn && item->busy)
    item->ending = true; // the addresses are still to be taken off
  else
    entries_.erase(what.service);
}

void status_writer_state::observed(const addresses_observed& what) {
  // The poller may know an address before this (restarted) writer knows the Service.
  auto* item = find(what.service, what.uid);
  if (item == nullptr && !entries_.contains(what.service))
    item = &entries_[what.service];
  if (item == nullptr)
    return;
  item->pool = what.pool;
  item->addresses = what.addresses;
  item->left_out = what.left_out;
  item->withheld = what.withheld;
  item->announced = false;
  consider(*item);
}

void status_writer_state::reported(const report_condition& what) {
  auto* item = find(what.service, what.uid);
  if (item == nullptr)
    return;
  item->said =
    what.condition ? std::make_unique<const domain::condition_update>(*what.condition) : nullptr;
  item->blocking = what.blocking && what.condition.has_value();
  consider(*item);
}

void status_writer_state::remarked(const report_remark& what) {
  auto* item = find(what.service, what.uid);
  if (item == nullptr)
    return;
  item->remark = what.remark;
  consider(*item);
}

void status_writer_state::withdraw(const withdraw_status& what) {
  auto* item = find(what.service, what.uid);
  if (item == nullptr)
    return;
  item->withdrawn = true;
  consider(*item);
}

void status_writer_state::gate_changed(bool open) {
  gate_open = open;
  if (open)
    for (auto& [key, item] : entries_)
      consider(item);
}

void status_writer_state::retry(const domain::service_key& key) {
  if (const auto found = entries_.find(key); found != entries_.end()) {
    consider(found->second);
  }
}

void status_writer_state::echo_overdue(const domain::service_key& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end())
    return;
  auto& item = found->second;
  const auto held = item.writes.take_held();
  if (!held || !counts(item, held))
    return;
  item.object = held;
  consider(item);
}

domain::desired_status status_writer_state::desired_of(const entry& item) {
  if (item.withdrawn)
    return domain::withdrawn_status(*item.object, item.addresses.get());
  domain::status_inputs inputs;
  inputs.addresses = item.addresses.get();
  inputs.said = item.said.get();
  inputs.blocking = item.blocking;
  inputs.contested = item.rival && item.rival->contested(now(self_));
  inputs.pool = item.pool;
  if (item.left_out)
    inputs.left_out = *item.left_out;
  inputs.withheld = item.withheld.get();
  if (item.remark)
    inputs.remark = *item.remark;
  inputs.mode = run->services.mode;
  return domain::compose_status(*item.object, inputs);
}

std::optional<std::string> status_writer_state::patch_of(const entry& item,
                                                         const domain::desired_status& desired) {
  return domain::status_patch(*item.object, desired, run->wall_clock());
}

void status_writer_state::consider(entry& item) {
  item.stale = item.busy;
  if (!gate_open || item.busy || !item.object || (item.retry && now(self_) < item.retry->until))
    return;
  forget_rival(item);
  auto desired = desired_of(item);
  if (!item.withdrawn && !desired.addresses && !desired.condition)
    return;
  auto patch = patch_of(item, desired);
  if (!patch)
    return in_place(item, domain::digest_of(desired), false);
  if (domain::digest_of(desired) == item.established) {
    // It said so before, and dklb wants nothing else now: somebody changed it.
    if (!may_put_back(item))
      return;
    desired = desired_of(item); // its condition may have to tell of that now
    patch = patch_of(item, desired);
  }
  write(item, std::move(*patch), domain::digest_of(desired));
}

/// Whether what another program changed may be put back now; it is looked at again where not.
bool status_writer_state::may_put_back(entry& item) {
  if (!item.rival)
    item.rival = std::make_unique<domain::write_back_limit>();
  const auto moment = now(self_);
  const auto known = item.rival->contested(moment);
  const auto wait = item.rival->put_back(moment);
  if (wait > milliseconds{0}) {
    if (!std::exchange(item.pausing, true))
      self_->delayed_send(self_, wait, retry_service{item.object->key});
    return false;
  }
  item.pausing = false;
  if (!item.rival->contested(moment))
    return true;
  self_->delayed_send(self_, domain::write_back_limit::quiet, retry_service{item.object->key});
  if (!known) {
    const auto report = domain::contested_report(
      item.pool, item.addresses ? *item.addresses : std::vector<domain::ingress>{});
    const auto name = to_string(item.object->key);
    log_about(*run->log, spdlog::level::warn,
              {.service = name, .pool = item.pool, .reason = report.reason}, "status of {}: {}",
              name, report.message);
    self_->send(peers->recorder, record_event{item.object->key, item.object->uid, true,
                                              std::string{report.reason}, report.message});
  }
  return true;
}

void status_writer_state::forget_rival(entry& item) {
  if (item.rival && item.rival->over(now(self_)))
    item.rival.reset();
}

/// The status says what it should.
void status_writer_state::in_place(entry& item, std::size_t digest, bool wrote) {
  publish(item, wrote);
  item.established = digest;
  if (item.withdrawn) {
    // Whoever serves it from now on writes what they like.
    item.withdrawn = false;
    item.addresses.reset();
    item.left_out.reset();
    item.withheld.reset();
    item.remark.reset();
    item.said.reset();
    item.blocking = false;
  }
}

void status_writer_state::write(entry& item, std::string patch, std::size_t digest) {
  item.busy = true;
  item.writes.begin();
  const auto key = item.object->key;
  const auto uid = item.object->uid;
  ask<service_answer>(
    self_, peers->kube, gateway_deadline(run->concurrency().kubernetes_timeout),
    patch_service_status{key, std::move(patch)},
    [this, key, uid, digest](const service_answer& answer) {
      written(key, uid, digest, answer.outcome);
    },
    [this, key, uid, digest](const caf::error& problem) {
      written(key, uid, digest, to_domain(problem));
    });
}

void status_writer_state::written(const domain::service_key& key, const std::string& uid,
                                  std::size_t digest, const domain::result<service_ptr>& outcome) {
  auto* item = find(key, uid);
  if (item == nullptr)
    return;
  item->busy = false;
  if (!outcome) {
    item->writes.failed();
    if (digest != 0)
      refused(*item, outcome.failure());
    return;
  }
  const auto told = item->writes.answered((*outcome)->resource_version, now(self_));
  if (told.news)
    item->object = *outcome;
  if (digest != 0) {
    failed({});
    item->retry.reset();
    in_place(*item, digest, true);
  }
  if (item->stale || told.more)
    consider(*item);
  if (item->ending && !item->busy)
    entries_.erase(key);
}

void status_writer_state::publish(entry& item, bool wrote) {
  if (!item.addresses || item.withdrawn || (item.announced && !wrote))
    return;
  item.announced = true;
  self_->send(item.owner, addresses_published{item.addresses, wrote});
}

void status_writer_state::start(const std::string& shard, runtime_ptr shared, bool open) {
  gate_open = open;
  enlist(self_, std::move(shared), nullptr, "status_writer", shard);
}

status_writer_actor::behavior_type status_writer(status_writer_state::self_pointer self,
                                                 const std::string& shard, runtime_ptr run,
                                                 directory_ptr peers, bool gate_open) {
  auto& state = self->state;
  state.start(shard, std::move(run), gate_open);
  state.peers = std::move(peers);
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const track_status& what) { counted(state).track(what); },
    [&state](const untrack_status& what) { counted(state).untrack(what); },
    [&state](const addresses_observed& what) { counted(state).observed(what); },
    [&state](const report_condition& what) { counted(state).reported(what); },
    [&state](const report_remark& what) { counted(state).remarked(what); },
    [&state](const withdraw_status& what) { counted(state).withdraw(what); },
    [&state](const directory_changed& what) { counted(state).peers = what.handles; },
    [&state](const gate_changed& what) { counted(state).gate_changed(what.open); },
    [&state](const retry_service& what) { counted(state).retry(what.key); },
    [&state](const messages::echo_overdue& what) { counted(state).echo_overdue(what.key); },
  };
}

} // namespace dklb::actors
