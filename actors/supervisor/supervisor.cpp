#include "actors/supervisor/supervisor_children.hpp"

#include "actors/introspection/introspection.hpp"
#include "actors/pool/inventory.hpp"
#include "actors/pool/pool.hpp"
#include "actors/pool/pool_poller.hpp"
#include "actors/service/status_writer.hpp"
#include "domain/config/config.hpp"

#include <algorithm>
#include <utility>

namespace dklb::actors {

using namespace messages;

namespace {

/// The first restart follows at once, later ones wait.
constexpr domain::backoff_settings restart_delays{milliseconds{100}, milliseconds{10000}, 2.0, 0.0};
/// What has run for so long starts anew as if it had never failed.
constexpr milliseconds shortest_quiet{60000};

} // namespace

void supervisor_state::start(supervisor_arguments arguments) {
  arguments_ = std::move(arguments);
  leader_ = arguments_.leader;
  enlist(self_, arguments_.run, nullptr, "supervisor", "");
  const auto& limits = run->concurrency;
  delays_.emplace(restart_delays, std::max(limits.restart_window, shortest_quiet));
  intensity_.emplace(static_cast<std::uint32_t>(limits.max_restarts), limits.restart_window);
  self_->set_down_handler([this](const caf::down_msg& down) { child_down(down); });
  spawn_fixed();
}

void supervisor_state::spawn_fixed() {
  auto& system = self_->home_system();
  handles_.supervisor = supervisor_actor{self_};
  handles_.kube = adopt(arguments_.make_kube_gateway(system), "kube_gateway", "");
  handles_.edgelb = adopt(arguments_.make_edgelb_gateway(system), "edgelb_gateway", "");
  handles_.recorder = adopt(arguments_.make_recorder(system, handles_.kube), "event_recorder", "");
  handles_.inventory = adopt(self_->spawn(inventory, run, nullptr, false), "inventory", "");
  for (std::size_t shard = 0; shard < arguments_.status_writers; ++shard)
    handles_.writers.push_back(spawn_writer(shard));
  for (std::size_t shard = 0; shard < arguments_.pool_pollers; ++shard)
    handles_.pollers.push_back(spawn_poller(shard));
  peers = std::make_shared<const directory>(handles_);
  // The intake starts with its watcher and needs the rest to be there.
  handles_.watcher = adopt(self_->spawn(service_watcher, run, peers, false, arguments_.make_intake),
                           "service_watcher", "");
  spawn_registrar();
  spawn_introspection();
  announce();
}

void supervisor_state::spawn_registrar() {
  if (!arguments_.make_registrar)
    return;
  registrar_ =
    adopt(arguments_.make_registrar(self_->home_system(), handles_.kube), "webhook_registrar", "");
  if (leader_)
    self_->send(registrar_, messages::leadership_changed{true});
}

/// The introspection pages find it in the roster.
void supervisor_state::spawn_introspection() {
  introspection_ = adopt(self_->spawn(introspection, run), "introspection", "");
}

status_writer_actor supervisor_state::spawn_writer(std::size_t shard) {
  auto key = std::to_string(shard);
  return adopt(self_->spawn(status_writer, key, run, peers, statuses_open_), "status_writer", key);
}

pool_poller_actor supervisor_state::spawn_poller(std::size_t shard) {
  const poller_shard which{shard, arguments_.pool_pollers};
  return adopt(self_->spawn(pool_poller, which, run, peers, gate_open), "pool_poller",
               std::to_string(shard));
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
// -------------------------------------------------------------------------------------------

caf::result<pool_actor> supervisor_state::ensure_pool(const messages::ensure_pool& what) {
  auto [found, added] = pools_.try_emplace(what.name);
  if (added)
    spawn_pool(what.name, found->second);
  if (const auto& pool = found->second.pool)
    return pool;
  auto promise = self_->make_response_promise<pool_actor>();
  found->second.waiting.push_back(promise);
  return promise;
}

void supervisor_state::spawn_pool(const std::string& name, pool_entry& item) {
  item.pool =
    adopt(self_->spawn(pool, name, pool_arguments{run, peers, gate_open, nodes_}), "pool", name);
  for (auto& promise : std::exchange(item.waiting, {}))
    promise.deliver(item.pool);
}

void supervisor_state::pool_ended(const std::string& name) {
  const auto found = pools_.find(name);
  if (found == pools_.end())
    return;
  pools_.erase(found);
  delays_->forget("pool/" + name);
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
