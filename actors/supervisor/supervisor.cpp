#include "actors/supervisor/supervisor_children.hpp"

#include "actors/introspection/introspection.hpp"
#include "actors/pool/inventory.hpp"
#include "actors/pool/pool.hpp"
#include "actors/pool/pool_poller.hpp"
#include "actors/service/status_writer.hpp"
#include "domain/config/config.hpp"

#include <utility>

namespace dklb::actors {

using namespace messages;

namespace {

/// The first restart follows at once, later ones wait.
constexpr domain::backoff_settings restart_delays{milliseconds{100}, milliseconds{10000}, 2.0, 0.0};

} // namespace

supervisor_state::supervisor_state(self_pointer self) : self_(self), delays_(restart_delays) {}

void supervisor_state::start(supervisor_arguments arguments) {
  arguments_ = std::move(arguments);
  leader_ = arguments_.leader;
  enlist(self_, arguments_.run, nullptr, "supervisor", "");
  self_->set_down_handler([this](const caf::down_msg& down) { child_down(down); });
  start_fixed();
}

void supervisor_state::start_child(child_spec spec) {
  const auto id = spec.start();
  children_.emplace(id, std::move(spec));
}

void supervisor_state::start_fixed() {
  handles_.supervisor = supervisor_actor{self_};
  start_gateways();
  start_writers();
  start_pollers();
  peers = std::make_shared<const directory>(handles_);
  // The intake starts with its watcher and needs the rest to be there.
  start_watcher();
  start_pages();
  announce();
}

/// The gateways, and the two that work behind them alone. A gateway takes the promises of
/// everything in flight with it; nobody would ever hear the outcome, so the process starts anew.
void supervisor_state::start_gateways() {
  start_child(
    {.kind = "kube_gateway",
     .name = {},
     .start =
       [this] { return adopt(handles_.kube, arguments_.make_kube_gateway(self_->home_system())); },
     .essential = true});
  start_child({.kind = "edgelb_gateway",
               .name = {},
               .start =
                 [this] {
                   return adopt(handles_.edgelb,
                                arguments_.make_edgelb_gateway(self_->home_system()));
                 },
               .essential = true});
  start_child({.kind = "event_recorder",
               .name = {},
               .start =
                 [this] {
                   return adopt(handles_.recorder,
                                arguments_.make_recorder(self_->home_system(), handles_.kube));
                 },
               .in_directory = true});
  start_child({.kind = "inventory",
               .name = {},
               .start =
                 [this] {
                   return adopt(handles_.inventory,
                                self_->spawn(inventory, run, nullptr, gate_open));
                 },
               .in_directory = true});
}

void supervisor_state::start_writers() {
  handles_.writers.resize(arguments_.status_writers);
  for (std::size_t shard = 0; shard < arguments_.status_writers; ++shard)
    start_child({.kind = "status_writer",
                 .name = std::to_string(shard),
                 .start =
                   [this, shard] {
                     return adopt(handles_.writers.at(shard),
                                  self_->spawn(status_writer, std::to_string(shard), run, peers,
                                               statuses_open_));
                   },
                 .in_directory = true});
}

void supervisor_state::start_pollers() {
  handles_.pollers.resize(arguments_.pool_pollers);
  for (std::size_t shard = 0; shard < arguments_.pool_pollers; ++shard)
    start_child({.kind = "pool_poller",
                 .name = std::to_string(shard),
                 .start =
                   [this, shard] {
                     const poller_shard which{shard};
                     return adopt(handles_.pollers.at(shard),
                                  self_->spawn(pool_poller, which, run, peers, gate_open));
                   },
                 .in_directory = true});
}

void supervisor_state::start_watcher() {
  start_child({.kind = "service_watcher",
               .name = {},
               .start =
                 [this] {
                   services_listed_ = false;
                   update_gate();
                   return adopt(handles_.watcher, self_->spawn(service_watcher, run, peers,
                                                               gate_open, arguments_.make_intake));
                 },
               .in_directory = true});
}

/// Nobody sends messages to these two but the supervisor: the introspection pages find theirs in
/// the roster.
void supervisor_state::start_pages() {
  if (arguments_.make_registrar)
    start_child({.kind = "webhook_registrar", .name = {}, .start = [this] {
                   const auto id = adopt(
                     registrar_, arguments_.make_registrar(self_->home_system(), handles_.kube));
                   if (leader_)
                     self_->send(registrar_, messages::leadership_changed{true});
                   return id;
                 }});
  start_child({.kind = "introspection", .name = {}, .start = [this] {
                 return adopt(introspection_, self_->spawn(introspection, run));
               }});
}

void supervisor_state::announce() {
  peers = std::make_shared<const directory>(handles_);
  broadcast(directory_changed{peers});
}

supervisor_state::~supervisor_state() {
  const auto end = [](const auto& actor) {
    if (actor)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  };
  for (const auto& [name, item] : pools_)
    end(item.pool);
  end(handles_.watcher);
  end(handles_.inventory);
  end(handles_.recorder);
  end(registrar_);
  end(introspection_);
  for (const auto& writer : handles_.writers)
    end(writer);
  for (const auto& poller : handles_.pollers)
    end(poller);
  end(handles_.kube);
  end(handles_.edgelb);
}

// -- pools

caf::result<pool_actor> supervisor_state::ensure_pool(const messages::ensure_pool& what) {
  auto [found, added] = pools_.try_emplace(what.name);
  if (added)
    start_pool(*found);
  if (const auto& pool = found->second.pool)
    return pool;
  auto promise = self_->make_response_promise<pool_actor>();
  found->second.waiting.push_back(promise);
  return promise;
}

/// There may be ten thousand of them: what is captured fits into a std::function.
void supervisor_state::start_pool(pool_map::value_type& place) {
  start_child({.kind = "pool",
               .name = place.first,
               .start = [this, &place] { return spawn_pool(place); },
               .ended = [this, &place](bool failed) { pool_ended(place, failed); }});
}

std::uint64_t supervisor_state::spawn_pool(pool_map::value_type& place) {
  auto& [name, item] = place;
  const auto id =
    adopt(item.pool, self_->spawn(pool, name, pool_arguments{run, peers, gate_open, nodes_}));
  for (auto& promise : std::exchange(item.waiting, {}))
    promise.deliver(item.pool);
  return id;
}

void supervisor_state::pool_ended(pool_map::value_type& place, bool failed) {
  const auto& name = place.first;
  if (failed) {
    place.second.pool = nullptr;
    // The next one says which Services it serves.
    self_->send(peers->poller_of(name), poll_pool{name, {}, false});
    return;
  }
  delays_.forget("pool/" + name);
  pools_.erase(std::string{name});
}

void supervisor_state::pool_drifted(const messages::pool_drifted& what) {
  if (const auto found = pools_.find(what.name); found != pools_.end() && found->second.pool)
    self_->send(found->second.pool, what);
}

supervisor_actor::behavior_type supervisor(supervisor_state::self_pointer self,
                                           supervisor_arguments arguments) {
  auto& state = self->state;
  state.start(std::move(arguments));
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const ensure_pool& what) { return counted(state).ensure_pool(what); },
    [&state](const child_failed& what) { return counted(state).child_failed(what); },
    [&state](const intake_synced&) { counted(state).synced(); },
    [&state](const access_denied& what) { counted(state).access_denied(what.message); },
    [&state](const settings_changed&) { counted(state).settings_changed(); },
    [&state](const config_rejected& what) { counted(state).config_rejected(what.message); },
    [&state](const inventory_synced&) { counted(state).inventory_synced(); },
    [&state](const inventory_troubled& what) { counted(state).inventory_troubled(what.failure); },
    [&state](const pool_drifted& what) { counted(state).pool_drifted(what); },
    [&state](const nodes_changed& what) { counted(state).nodes_changed(what); },
    [&state](const leadership_changed& what) { counted(state).leadership_changed(what.leader); },
    [&state](const restart_child& what) { counted(state).restart(what); },
    [&state](const check_health&) { return counted(state).health(); },
    [&state](const shut_down&) { counted(state).shut_down(); },
  };
}

} // namespace dklb::actors
