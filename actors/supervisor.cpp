#include "actors/supervisor.hpp"

#include "actors/inventory.hpp"
#include "actors/pool.hpp"
#include "actors/pool_poller.hpp"
#include "actors/status_writer.hpp"
#include "domain/config.hpp"

#include <algorithm>
#include <utility>

namespace dklb::actors {

using namespace messages;

namespace {

/// Of EdgeLB's troubles; also the name of a check of /readyz.
constexpr const char* edgelb_source = "edgelb";

/// The first restart follows at once, later ones wait.
constexpr domain::backoff_settings restart_delays{milliseconds{100}, milliseconds{10000}, 2.0, 0.0};

} // namespace

template <class Handle>
Handle supervisor_state::adopt(Handle handle, const char* kind, std::string key) {
  self_->monitor(handle);
  children_.insert_or_assign(handle.id(), child{kind, std::move(key)});
  return handle;
}

template <class Message>
void supervisor_state::broadcast(const Message& message) {
  for (auto& [name, item] : pools_) {
    if (item.pool)
      self_->send(item.pool, message);
    if constexpr (!std::is_same_v<Message, messages::nodes_changed>)
      if (item.poller)
        self_->send(item.poller, message);
  }
  if constexpr (!std::is_same_v<Message, messages::nodes_changed>) {
    self_->send(handles_.watcher, message);
    self_->send(handles_.inventory, message);
    if constexpr (!std::is_same_v<Message, messages::gate_changed>)
      for (const auto& writer : handles_.writers)
        self_->send(writer, message);
  }
}

void supervisor_state::start(supervisor_arguments arguments) {
  arguments_ = std::move(arguments);
  leader_ = arguments_.leader;
  enlist(self_, arguments_.run, nullptr, "supervisor", "");
  const auto& limits = run->concurrency;
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
  peers = std::make_shared<const directory>(handles_);
  // The intake starts with its watcher and needs the rest to be there.
  handles_.watcher = adopt(self_->spawn(service_watcher, run, peers, false, arguments_.make_intake),
                           "service_watcher", "");
  spawn_registrar();
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

status_writer_actor supervisor_state::spawn_writer(std::size_t shard) {
  auto key = std::to_string(shard);
  return adopt(self_->spawn(status_writer, key, run, peers, statuses_open_), "status_writer", key);
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
  for (const auto& [name, item] : pools_) {
    end(item.pool);
    end(item.poller);
  }
  end(handles_.watcher);
  end(handles_.inventory);
  end(handles_.recorder);
  end(registrar_);
  for (const auto& writer : handles_.writers)
    end(writer);
  end(handles_.kube);
  end(handles_.edgelb);
}

// -- pools
// -------------------------------------------------------------------------------------------

caf::result<pool_actor> supervisor_state::ensure_pool(const std::string& name) {
  auto [found, added] = pools_.try_emplace(name);
  if (added)
    spawn_pool(name, found->second);
  if (found->second.pool)
    return found->second.pool;
  auto promise = self_->make_response_promise<pool_actor>();
  found->second.waiting.edit().push_back(promise);
  return promise;
}

void supervisor_state::spawn_pool(const std::string& name, pool_entry& item) {
  item.pool =
    adopt(self_->spawn(pool, name, pool_arguments{run, peers, gate_open, nodes_}), "pool", name);
  spawn_poller(name, item);
  auto waiting = std::exchange(item.waiting, {});
  for (auto& promise : waiting.edit())
    promise.deliver(item.pool);
}

void supervisor_state::spawn_poller(const std::string& name, pool_entry& item) {
  item.poller =
    adopt(self_->spawn(pool_poller, item.pool, name, run, peers, gate_open), "pool_poller", name);
}

void supervisor_state::pool_ended(const std::string& name) {
  const auto found = pools_.find(name);
  if (found == pools_.end())
    return;
  if (found->second.poller)
    self_->send_exit(found->second.poller, caf::exit_reason::user_shutdown);
  pools_.erase(found);
  delays_.erase("pool/" + name);
  delays_.erase("pool_poller/" + name);
}

void supervisor_state::pool_drifted(const messages::pool_drifted& what) {
  if (const auto found = pools_.find(what.name); found != pools_.end() && found->second.pool)
    self_->send(found->second.pool, what);
}

// -- deaths and restarts
// -----------------------------------------------------------------------------

void supervisor_state::give_up(const std::string& why) {
  run->log->critical("{}; giving up", why);
  stopping_ = true;
  if (arguments_.give_up)
    arguments_.give_up(why);
}

std::optional<milliseconds> supervisor_state::count_restart(const char* kind,
                                                            const std::string& key,
                                                            const std::string& reason) {
  run->actors->restarted(kind, key);
  failed(std::string{kind} + " " + key + " failed: " + reason);
  if (stopping_)
    return std::nullopt;
  if (!intensity_->allow(now(self_))) {
    give_up(last_error() + "; too many restarts in a short time");
    return std::nullopt;
  }
  auto& delay = delays_.try_emplace(std::string{kind} + "/" + key, restart_delays).first->second;
  const auto wait = delay.next();
  run->log->warn("{} {} failed: {}; starting it again in {}", kind, key, reason,
                 domain::format_duration(wait));
  return wait;
}

caf::result<restart_verdict> supervisor_state::child_failed(const messages::child_failed& what) {
  const auto wait = count_restart("service", what.key, what.reason);
  if (!wait)
    return caf::make_error(caf::sec::runtime_error, "no more restarts");
  return restart_verdict{*wait};
}

void supervisor_state::child_down(const caf::down_msg& down) {
  const auto known = children_.find(down.source.id());
  if (known == children_.end())
    return;
  const auto gone = std::move(known->second);
  children_.erase(known);
  const std::string kind{gone.kind};
  const auto expected =
    down.reason == caf::exit_reason::normal || down.reason == caf::exit_reason::user_shutdown;
  if (kind == "pool") {
    if (expected)
      return pool_ended(gone.key);
    if (auto& item = pools_.at(gone.key); true) {
      item.pool = nullptr;
      self_->send_exit(std::exchange(item.poller, nullptr), caf::exit_reason::user_shutdown);
    }
  } else if (expected) {
    return;
  }
  const auto reason = self_->home_system().render(down.reason);
  // A gateway takes the promises of everything in flight with it; nobody would ever hear the
  // outcome, so the process starts anew.
  if (kind == "kube_gateway" || kind == "edgelb_gateway")
    return give_up(kind + " failed: " + reason);
  if (const auto wait = count_restart(gone.kind, gone.key, reason))
    self_->delayed_send(self_, *wait, restart_child{kind, gone.key});
}

void supervisor_state::restart(const restart_child& what) {
  if (stopping_)
    return;
  const auto found = pools_.find(what.key);
  if (what.kind == "pool") {
    if (found != pools_.end() && !found->second.pool)
      spawn_pool(what.key, found->second);
    return;
  }
  if (what.kind == "pool_poller") {
    if (found != pools_.end() && found->second.pool)
      spawn_poller(what.key, found->second);
    return;
  }
  if (what.kind == "status_writer") {
    const auto shard = static_cast<std::size_t>(std::stoul(what.key));
    handles_.writers.at(shard) = spawn_writer(shard);
  } else if (what.kind == "event_recorder") {
    handles_.recorder =
      adopt(arguments_.make_recorder(self_->home_system(), handles_.kube), "event_recorder", "");
  } else if (what.kind == "webhook_registrar") {
    return spawn_registrar();
  } else if (what.kind == "inventory") {
    handles_.inventory = adopt(self_->spawn(inventory, run, nullptr, gate_open), "inventory", "");
  } else if (what.kind == "service_watcher") {
    services_listed_ = false;
    update_gate();
    handles_.watcher =
      adopt(self_->spawn(service_watcher, run, peers, gate_open, arguments_.make_intake),
            "service_watcher", "");
  }
  announce();
}

// -- the gate
// ----------------------------------------------------------------------------------------

void supervisor_state::update_gate() {
  // A condition may say that EdgeLB cannot be read, so it need not wait for that.
  const auto statuses = leader_ && services_listed_ && !stopping_;
  if (std::exchange(statuses_open_, statuses) != statuses)
    for (const auto& writer : handles_.writers)
      self_->send(writer, messages::gate_changed{statuses, {}});
  const auto open = leader_ && services_listed_ && inventory_read_ && !stopping_
                    && (nodes_ || !arguments_.needs_nodes);
  if (open == gate_open)
    return;
  gate_open = open;
  run->log->info(open ? "work begins: the Services are listed and the EdgeLB inventory is read"
                      : "work pauses");
  broadcast(messages::gate_changed{open, {}});
}

/// Who waits is told, unless it is for another replica or for the list of Services itself.
void supervisor_state::explain_gate() {
  if (leader_ && services_listed_ && !stopping_ && !inventory_read_ && !inventory_failure_.empty())
    self_->send(handles_.watcher, messages::gate_changed{gate_open, inventory_failure_});
}

void supervisor_state::synced() {
  services_listed_ = true;
  update_gate();
  explain_gate();
}

void supervisor_state::inventory_synced() {
  inventory_read_ = true;
  inventory_failure_.clear();
  run->troubles->works(edgelb_source);
  update_gate();
}

void supervisor_state::inventory_troubled(const domain::error& failure) {
  if (failure.code == domain::error_code::cancelled)
    return; // our own end
  if (failure.code == domain::error_code::unauthorized
      || failure.code == domain::error_code::forbidden)
    run->troubles->denied(edgelb_source, failure.message);
  else
    run->troubles->failing(edgelb_source, failure.message);
  inventory_failure_ = "EdgeLB's pools cannot be read (" + failure.message + ")";
  explain_gate();
}

void supervisor_state::access_denied(const std::string& message) {
  if (arguments_.pod)
    self_->send(handles_.recorder, record_event{arguments_.pod->key, arguments_.pod->uid, true,
                                                "AccessDenied", message, "Pod"});
}

void supervisor_state::nodes_changed(const messages::nodes_changed& what) {
  nodes_ = what.addresses;
  broadcast(what);
  update_gate();
}

void supervisor_state::leadership_changed(bool leader) {
  if (std::exchange(leader_, leader) == leader)
    return;
  if (registrar_)
    self_->send(registrar_, messages::leadership_changed{leader});
  if (leader) {
    // What a standby knows of EdgeLB may be minutes old; the gate waits for a fresh look.
    inventory_read_ = false;
    inventory_failure_.clear();
    self_->send(handles_.inventory, refresh_inventory{});
  }
  update_gate();
}

void supervisor_state::shut_down() {
  stopping_ = true;
  update_gate();
}

health supervisor_state::health() const {
  messages::health out;
  out.services_listed = services_listed_;
  out.inventory_read = inventory_read_;
  out.leader = leader_;
  return out;
}

supervisor_actor::behavior_type supervisor(supervisor_state::self_pointer self,
                                           supervisor_arguments arguments) {
  auto& state = self->state;
  state.start(std::move(arguments));
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const ensure_pool& what) {
      state.count();
      return state.ensure_pool(what.name);
    },
    [&state](const child_failed& what) {
      state.count();
      return state.child_failed(what);
    },
    [&state](const intake_synced&) {
      state.count();
      state.synced();
    },
    [&state](const access_denied& what) {
      state.count();
      state.access_denied(what.message);
    },
    [&state](const inventory_synced&) {
      state.count();
      state.inventory_synced();
    },
    [&state](const inventory_troubled& what) {
      state.count();
      state.inventory_troubled(what.failure);
    },
    [&state](const pool_drifted& what) {
      state.count();
      state.pool_drifted(what);
    },
    [&state](const nodes_changed& what) {
      state.count();
      state.nodes_changed(what);
    },
    [&state](const leadership_changed& what) {
      state.count();
      state.leadership_changed(what.leader);
    },
    [&state](const restart_child& what) {
      state.count();
      state.restart(what);
    },
    [&state](const check_health&) {
      state.count();
      return state.health();
    },
    [&state](const shut_down&) {
      state.count();
      state.shut_down();
    },
  };
}

} // namespace dklb::actors
