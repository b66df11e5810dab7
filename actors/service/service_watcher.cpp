#include "actors/service/service_watcher.hpp"

#include "actors/service/service.hpp"

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

service_watcher_state::~service_watcher_state() {
  for (const auto& [key, item] : services_)
    if (item.actor)
      caf::anon_send_exit(item.actor, caf::exit_reason::kill);
}

void service_watcher_state::observed(const service_ptr& told) {
  if (intake_)
    intake_->release();
  const auto found = services_.find(told->key);
  const auto* before = found == services_.end() ? nullptr : found->second.object.get();
  const auto other_server = [this](const domain::service& service) {
    return domain::other_server(run->services, service);
  };
  auto object = told;
  if (domain::reclassed(before, *told)) {
    auto copy = *told;
    copy.reclassed = true;
    object = std::make_shared<const domain::service>(std::move(copy));
  }
  if (listed_ && (before == nullptr || other_server(*before) != other_server(*object)))
    log_others({object.get()});
  if (found == services_.end()) {
    if (domain::followed(*object))
      spawn(*services_.try_emplace(object->key, entry{{}, object}).first);
    return;
  }
  auto& item = found->second;
  item.object = object;
  if (item.actor)
    self_->send(item.actor, service_changed{object});
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

void service_watcher_state::log_others(const std::vector<const domain::service*>& services) const {
  for (const auto& notice : domain::other_server_notices(run->services, services))
    run->log->log(notice.warning ? spdlog::level::warn : spdlog::level::info, "Services {}",
                  notice.text);
}

void service_watcher_state::synced() {
  enter("watching");
  if (!std::exchange(listed_, true)) {
    std::vector<const domain::service*> all;
    for (const auto& [key, item] : services_)
      if (item.object)
        all.push_back(item.object.get());
    log_others(all);
  }
  self_->send(peers->supervisor, intake_synced{});
}

template <class Message>
void service_watcher_state::tell_services(const Message& what) {
  for (const auto& [id, place] : places_)
    self_->send(place->second.actor, what);
}

void service_watcher_state::directory_changed(const messages::directory_changed& what) {
  peers = what.handles;
  tell_services(what);
}

void service_watcher_state::gate_changed(const messages::gate_changed& what) {
  gate_open = what.open;
  delayed_by_ = what.why;
  tell_services(what);
}

void service_watcher_state::spawn(service_map::value_type& place) {
  auto& item = place.second;
  item.actor = self_->spawn<caf::monitored>(service, item.object, run, peers, gate_open);
  places_.emplace_hint(places_.end(), item.actor.id(), &place);
  if (!delayed_by_.empty())
    self_->send(item.actor, messages::gate_changed{gate_open, delayed_by_});
}

void service_watcher_state::child_down(const caf::down_msg& down) {
  const auto known = places_.find(down.source.id());
  if (known == places_.end())
    return;
  auto& place = *known->second;
  places_.erase(known);
  const auto key = place.first;
  auto& item = place.second;
  item.actor = nullptr;
  if (!item.object) {
    services_.erase(key);
    return;
  }
  if (down.reason == caf::exit_reason::normal) {
    // It ended because there was nothing to do; a newer object may have crossed its end.
    if (domain::followed(*item.object))
      spawn(place);
    else
      services_.erase(key);
    return;
  }
  failed("service " + to_string(key) + " failed");
  ask<restart_verdict>(
    self_, peers->supervisor, reply_deadline,
    child_failed{"service", to_string(key), caf::to_string(down.reason)},
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
    spawn(*found);
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
    [&state](const service_observed& what) { counted(state).observed(what.object); },
    [&state](const service_vanished& what) { counted(state).vanished(what); },
    [&state](const intake_synced&) { counted(state).synced(); },
    [&state](const intake_troubled& what) { counted(state).failed(what.message); },
    [&state](const directory_changed& what) { counted(state).directory_changed(what); },
    [&state](const gate_changed& what) { counted(state).gate_changed(what); },
    [&state](const retry_service& what) { counted(state).retry(what.key); },
    [&state](const check_owners& what) { return counted(state).check_owners(what); },
  };
}

} // namespace dklb::actors
