#include "actors/service_watcher.hpp"

#include "actors/service.hpp"

#include <map>
#include <set>
#include <utility>

namespace dklb::actors {

using namespace messages;

void service_watcher_state::start(runtime_ptr shared, directory_ptr handles, bool open,
                                  const intake_factory& factory) {
  gate_open = open;
  enlist(self_, std::move(shared), std::move(handles), "service_watcher", "");
  self_->set_down_handler([this](const caf::down_msg& down) { child_down(down); });
  enter("listing");
  if (factory)
    intake_ = factory(service_watcher_actor{self_});
}

bool service_watcher_state::relevant(const domain::service& object) const {
  return object.type == "LoadBalancer" || domain::needs_cleanup(run->services, object);
}

void service_watcher_state::observed(const service_ptr& object) {
  if (intake_)
    intake_->release();
  const auto found = services_.find(object->key);
  if (found == services_.end() && !relevant(*object))
    return;
  auto& item = found == services_.end() ? services_[object->key] : found->second;
  item.object = object;
  if (item.actor)
    self_->send(item.actor, service_changed{object});
  else if (found == services_.end())
    spawn(object->key, item);
}

void service_watcher_state::vanished(const service_vanished& what) {
  if (intake_)
    intake_->release();
  const auto found = services_.find(what.key);
  if (found == services_.end()
      || (found->second.object && !what.uid.empty() && found->second.object->uid != what.uid))
    return;
  found->second.object.reset();
  if (found->second.actor)
    self_->send(found->second.actor, service_gone{});
  else
    services_.erase(found);
}

void service_watcher_state::synced() {
  enter("watching");
  self_->send(peers->supervisor, intake_synced{});
}

template <class Message>
void service_watcher_state::tell_services(const Message& what) {
  for (const auto& [key, item] : services_)
    if (item.actor)
      self_->send(item.actor, what);
}

void service_watcher_state::directory_changed(const messages::directory_changed& what) {
  peers = what.handles;
  tell_services(what);
}

void service_watcher_state::gate_delayed(const messages::gate_delayed& what) {
  delayed_by_ = what.why;
  tell_services(what);
}

void service_watcher_state::gate_changed(const messages::gate_changed& what) {
  gate_open = what.open;
  delayed_by_.clear();
  tell_services(what);
}

void service_watcher_state::spawn(const domain::service_key& key, entry& item) {
  item.actor = self_->spawn<caf::monitored>(service, service_watcher_actor{self_}, item.object, run,
                                            peers, gate_open);
  keys_[item.actor.id()] = key;
  if (!delayed_by_.empty())
    self_->send(item.actor, messages::gate_delayed{delayed_by_});
}

void service_watcher_state::child_down(const caf::down_msg& down) {
  const auto known = keys_.find(down.source.id());
  if (known == keys_.end())
    return;
  const auto key = known->second;
  keys_.erase(known);
  auto& item = services_.at(key);
  item.actor = nullptr;
  if (!item.object) {
    services_.erase(key);
    return;
  }
  if (down.reason == caf::exit_reason::normal) {
    // It ended because there was nothing to do; a newer object may have crossed its end.
    if (relevant(*item.object))
      spawn(key, item);
    else
      services_.erase(key);
    return;
  }
  failed("service " + to_string(key) + " failed");
  self_
    ->request(peers->supervisor, caf::infinite,
              child_failed{"service", to_string(key), caf::to_string(down.reason)})
    .then(
      [this, key](const restart_verdict& verdict) {
        self_->delayed_send(self_, verdict.delay, retry_service{key});
      },
      [](const caf::error&) {}); // the supervisor gave up: the process ends
}

void service_watcher_state::retry(const domain::service_key& key) {
  const auto found = services_.find(key);
  if (found == services_.end() || found->second.actor)
    return;
  if (found->second.object)
    spawn(key, found->second);
  else
    services_.erase(found);
}

orphans service_watcher_state::check_owners(const messages::check_owners& what) {
  orphans out;
  std::map<domain::service_key, std::vector<std::string>> living;
  for (const auto& [pool, key] : *what.owners) {
    const auto found = services_.find(key);
    if (found == services_.end())
      out.objects.emplace_back(pool, key);
    else if (found->second.actor)
      living[key].push_back(pool);
  }
  for (auto& [key, pools] : living)
    self_->send(services_.at(key).actor, objects_found{std::move(pools)});
  return out;
}

service_watcher_actor::behavior_type service_watcher(service_watcher_state::self_pointer self,
                                                     runtime_ptr run, directory_ptr peers,
                                                     bool gate_open,
                                                     const intake_factory& factory) {
  auto& state = self->state;
  state.start(std::move(run), std::move(peers), gate_open, factory);
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const service_observed& what) {
      state.count();
      state.observed(what.object);
    },
    [&state](const service_vanished& what) {
      state.count();
      state.vanished(what);
    },
    [&state](const intake_synced&) {
      state.count();
      state.synced();
    },
    [&state](const intake_troubled& what) {
      state.count();
      state.failed(what.message);
    },
    [&state](const directory_changed& what) {
      state.count();
      state.directory_changed(what);
    },
    [&state](const gate_changed& what) {
      state.count();
      state.gate_changed(what);
    },
    [&state](const gate_delayed& what) {
      state.count();
      state.gate_delayed(what);
    },
    [&state](const retry_service& what) {
      state.count();
      state.retry(what.key);
    },
    [&state](const check_owners& what) {
      state.count();
      return state.check_owners(what);
    },
  };
}

} // namespace dklb::actors
