#include "actors/status_writer.hpp"

#include "domain/service_phase.hpp"
#include "http/kube/denial.hpp"

namespace dklb::actors {

using namespace messages;
using domain::error_code;

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
  if (verdict == own_writes::verdict::first_held)
    self_->delayed_send(self_, domain::echo_guard::patience, messages::echo_overdue{object->key});
  return verdict == own_writes::verdict::counts;
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
    found->second.waiting = false;
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

void status_writer_state::consider(entry& item) {
  item.stale = item.busy;
  if (!gate_open || item.busy || item.waiting || !item.object)
    return;
  domain::desired_status desired;
  if (item.withdrawn) {
    desired = domain::withdrawn_status(*item.object);
  } else {
    domain::status_inputs inputs;
    inputs.addresses = item.addresses.get();
    inputs.said = item.said.get();
    inputs.blocking = item.blocking;
    inputs.pool = item.pool;
    desired = domain::compose_status(*item.object, inputs);
  }
  if (!desired.addresses && !desired.condition)
    return;
  auto patch = domain::status_patch(*item.object, desired, run->wall_clock());
  if (patch)
    write(item, std::move(*patch));
  else
    publish(item, false);
}

void status_writer_state::write(entry& item, std::string patch) {
  item.busy = true;
  item.writes.begin();
  const auto key = item.object->key;
  const auto uid = item.object->uid;
  ask<service_answer>(
    self_, peers->kube, gateway_deadline(run->concurrency.kubernetes_timeout),
    patch_service_status{key, std::move(patch)},
    [this, key, uid](const service_answer& answer) { written(key, uid, answer.outcome); },
    [this, key, uid](const caf::error& problem) { written(key, uid, to_domain(problem)); });
}

void status_writer_state::written(const domain::service_key& key, const std::string& uid,
                                  const domain::result<service_ptr>& outcome) {
  auto* item = find(key, uid);
  if (item == nullptr)
    return;
  item->busy = false;
  if (outcome) {
    failed({});
    item->retry.reset();
    const auto told = item->writes.answered((*outcome)->resource_version, now(self_));
    if (told.news)
      item->object = *outcome;
    publish(*item, true);
    if (item->stale || told.more)
      consider(*item);
    if (item->ending && !item->busy)
      entries_.erase(key);
    return;
  }
  item->writes.failed();
  const auto& failure = outcome.failure();
  // Gone, or another object of that name: its status is nobody's business any more.
  if (failure.code == error_code::not_found || failure.code == error_code::conflict)
    return;
  failed(failure.message);
  if (const auto denial = http::kube::denial_of(failure)) {
    // The gateway has logged it; the user of this Service cannot see that in its status.
    if (!item->retry)
      self_->send(peers->recorder,
                  record_event{key, uid, true, "KubernetesError",
                               "the Service's status cannot be written: " + *denial});
  } else if (failure.code != error_code::not_leader) {
    run->log->warn("status of {}: {}; trying again", to_string(key), failure.message);
  }
  if (!item->retry)
    item->retry = std::make_unique<domain::backoff>(
      domain::backoff_settings{run->concurrency.retry_base, run->concurrency.retry_max, 2.0, 0.0});
  item->waiting = true;
  self_->delayed_send(self_, item->retry->next(failure.retry_after), retry_service{key});
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
    [&state](const track_status& what) {
      state.count();
      state.track(what);
    },
    [&state](const untrack_status& what) {
      state.count();
      state.untrack(what);
    },
    [&state](const addresses_observed& what) {
      state.count();
      state.observed(what);
    },
    [&state](const report_condition& what) {
      state.count();
      state.reported(what);
    },
    [&state](const withdraw_status& what) {
      state.count();
      state.withdraw(what);
    },
    [&state](const directory_changed& what) {
      state.count();
      state.peers = what.handles;
    },
    [&state](const gate_changed& what) {
      state.count();
      state.gate_changed(what.open);
    },
    [&state](const retry_service& what) {
      state.count();
      state.retry(what.key);
    },
    [&state](const messages::echo_overdue& what) {
      state.count();
      state.echo_overdue(what.key);
    },
  };
}

} // namespace dklb::actors
