#include "actors/pool/inventory.hpp"

#include "http/edgelb/client.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace dklb::actors {

using namespace messages;

namespace {

/// An inventory younger than this is as good as reading the pool (invariant 9).
constexpr milliseconds freshness{5000};
constexpr milliseconds first_retry{1000};
constexpr milliseconds longest_retry{30000};

domain::backoff_settings retry_delays(const domain::concurrency_config& limits) {
  return {std::min(first_retry, limits.retry_base), std::min(longest_retry, limits.retry_max), 2.0,
          0.0};
}

} // namespace

void inventory_state::start(runtime_ptr shared, directory_ptr handles, bool open) {
  gate_open = open;
  enlist(self_, std::move(shared), std::move(handles), "inventory", "");
}

void inventory_state::gate_changed(bool open) {
  if (std::exchange(gate_open, open) != open && open && pools_.read())
    sweep();
}

void inventory_state::seen(const pool_seen& what) {
  documents_.erase(what.name);
  const bool room = what.pool ? !pools_.seen_again(what.name, what.pool->digest)
                                  && pools_.seen(look_into(what.name, *what.pool))
                              : pools_.seen_absent(what.name);
  if (room)
    room_made(what.name);
}

void inventory_state::closed(const std::string& name) {
  pools_.closed(name);
  awaiting_room_.erase(name);
}

/// Whom EdgeLB refused for want of a port tries again at once. `by`: the pool that gave it up;
/// empty where that is not known.
void inventory_state::room_made(const std::string& by) {
  const auto kept = awaiting_room_.extract(by);
  for (const auto& name : std::exchange(awaiting_room_, {}))
    self_->send(peers->supervisor, pool_drifted{name});
  if (!kept.empty())
    awaiting_room_.insert(by);
}

port_users inventory_state::find_users(const find_port_users& what) const {
  return {pools_.users_of(what.ports, what.role, what.pool)};
}

recalled_pool inventory_state::recall(const std::string& name) {
  if (!pools_.read())
    return {};
  if (!pools_.exists(name)) {
    pools_.seen_absent(name); // the one who asks hears of it once the pool is there
    return {recalled_pool::state::absent, nullptr};
  }
  const auto kept = documents_.find(name);
  return {recalled_pool::state::present, kept == documents_.end() ? nullptr : kept->second};
}

domain::listed_pool inventory_state::look_into(const std::string& name,
                                               const domain::pool_snapshot& pool) const {
  // Few pools change from one inventory to the next.
  if (const auto* known = pools_.known(name, pool.digest))
    return *known;
  return domain::list_pool(run->pools.cluster, name, pool);
}

pools_found inventory_state::find(const domain::service_key& service) const {
  return {pools_.pools_of(service)};
}

void inventory_state::ticked(const tick& what) {
  const auto moment = now(self_);
  if (what.kind == forget && forget_timer_.came(what.epoch)) {
    if (moment < forget_at_)
      return arm(forget, forget_timer_, forget_at_);
    documents_.clear();
  } else if (what.kind == resync && resync_timer_.came(what.epoch) && !busy_) {
    if (moment < read_at_)
      return arm(resync, resync_timer_, read_at_);
    read();
  }
}

void inventory_state::arm(tick_kind kind, domain::wake_timer& timer, milliseconds due) {
  if (const auto epoch = timer.arm(due))
    self_->delayed_send(self_, std::max(due - now(self_), milliseconds{0}), tick{kind, *epoch});
}

void inventory_state::read_in(milliseconds delay) {
  read_at_ = now(self_) + delay;
  arm(resync, resync_timer_, read_at_);
}

void inventory_state::forget_in(milliseconds delay) {
  forget_at_ = now(self_) + delay;
  arm(forget, forget_timer_, forget_at_);
}

void inventory_state::settings_changed() {
  if (!busy_ && read_ok_at_)
    read_in(*read_ok_at_ + run->concurrency().resync_period - now(self_));
}

void inventory_state::read() {
  if (busy_)
    return;
  busy_ = true;
  enter("reading");
  ask<inventory_answer>(
    self_, peers->edgelb, gateway_deadline(run->concurrency().edgelb_timeout), read_inventory{},
    [this](const inventory_answer& answer) { answered(answer.outcome); },
    [this](const caf::error& problem) { answered(to_domain(problem)); });
}

void inventory_state::answered(const domain::result<std::shared_ptr<const std::string>>& outcome) {
  busy_ = false;
  enter("waiting");
  const auto failure = outcome ? take_in(**outcome) : std::optional{outcome.failure()};
  if (failure) {
    failed(failure->message);
    self_->send(peers->supervisor, inventory_troubled{*failure});
    read_ok_at_.reset();
    return read_in(backoff_.next(retry_delays(run->concurrency()), failure->retry_after));
  }
  read_ok_at_ = now(self_);
  failed({});
  backoff_.reset();
  self_->send(peers->supervisor, inventory_synced{});
  if (gate_open)
    sweep();
  read_in(run->concurrency().resync_period);
}

std::optional<domain::error> inventory_state::take_in(const std::string& body) {
  std::vector<domain::listed_pool> listed;
  std::unordered_map<std::string, domain::pool_owners> holders;
  documents_.clear();
  const auto take = [&](std::string name, domain::pool_snapshot pool) {
    listed.push_back(look_into(name, pool));
    if (const auto& owners = listed.back().owners; owners.empty())
      holders.emplace(name, nullptr);
    else
      holders.emplace(name, std::make_shared<const std::vector<domain::service_key>>(owners));
    // Only a pool whose actor has not seen it may ask for the document.
    if (!pools_.known_to_actor(name))
      documents_[std::move(name)] = std::make_shared<const domain::pool_snapshot>(std::move(pool));
  };
  const auto skipped = http::edgelb::visit_pools(body, take);
  if (!skipped)
    return skipped.failure();
  if (*skipped > 0)
    run->log->warn("EdgeLB inventory: {} malformed pools skipped", *skipped);
  run->names->replace(std::move(holders));
  auto news = pools_.update(std::move(listed));
  for (auto& name : news.drifted) {
    log_about(*run->log, spdlog::level::info, {.pool = name, .reason = "drifted"},
              "pool {}: differs from what dklb wrote or saw last", name);
    self_->send(peers->supervisor, pool_drifted{std::move(name)});
  }
  if (news.room)
    room_made({});
  if (!documents_.empty())
    forget_in(freshness);
  return std::nullopt;
}

// -- orphans

void inventory_state::sweep() {
  auto owners = std::make_shared<const std::vector<std::pair<std::string, domain::service_key>>>(
    pools_.owners());
  if (owners->empty())
    return;
  ask<orphans>(
    self_, peers->watcher, reply_deadline, check_owners{owners},
    [this](const orphans& found) {
      std::map<domain::service_key, std::vector<std::string>> pools;
      for (const auto& [pool, owner] : found.objects)
        pools[owner].push_back(pool);
      for (auto& [owner, names] : pools)
        verify(owner, std::move(names));
    },
    [](const caf::error&) {}); // a restarted watcher answers the next sweep
}

/// The watch may lag behind the inventory: another dklb of this cluster's name may have created the
/// Service's objects before the watch told us of the Service. So the API server has the last word.
void inventory_state::verify(const domain::service_key& owner, std::vector<std::string> pools) {
  if (run->orphans() == domain::orphan_mode::report)
    std::erase_if(pools, [&](const auto& pool) { return reported_.contains({pool, owner}); });
  if (pools.empty())
    return;
  ask<service_answer>(
    self_, peers->kube, gateway_deadline(run->concurrency().kubernetes_timeout),
    read_service{owner},
    [this, owner, pools](const service_answer& answer) {
      if (!answer.outcome || (*answer.outcome && domain::followed(**answer.outcome)))
        return; // not known to be gone; the next sweep asks again
      for (const auto& pool : pools)
        remove(pool, owner);
    },
    [](const caf::error&) {});
}

void inventory_state::remove(const std::string& pool, const domain::service_key& owner) {
  if (!gate_open)
    return;
  const auto first = reported_.emplace(pool, owner).second;
  const auto service = to_string(owner);
  const process::log_fields about{.service = service, .pool = pool, .reason = "orphaned"};
  if (run->orphans() == domain::orphan_mode::report) {
    if (first)
      log_about(*run->log, spdlog::level::warn, about,
                "pool {}: objects of {}, which is gone, are left (orphans.mode: report)", pool,
                service);
    return;
  }
  log_about(*run->log, spdlog::level::info, about,
            "pool {}: removing the objects of {}, which is gone", pool, service);
  // Where an answer does not come, the next sweep finds it again. Of a Service that is gone nobody
  // knows the strategy.
  ask<pool_actor>(
    self_, peers->supervisor, reply_deadline, ensure_pool{pool},
    [this, pool, owner](const pool_actor& actor) {
      ask<pool_released>(
        self_, actor, run->concurrency().resync_period, release_pool{owner},
        [this, pool, owner](const pool_released&) {
          reported_.erase({pool, owner});
        },
        [](const caf::error&) {});
    },
    [](const caf::error&) {});
}

inventory_actor::behavior_type inventory(inventory_state::self_pointer self, runtime_ptr run,
                                         directory_ptr peers, bool gate_open) {
  auto& state = self->state;
  state.start(std::move(run), std::move(peers), gate_open);
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const directory_changed& what) {
      state.count();
      const auto first = state.peers == nullptr;
      state.peers = what.handles;
      if (first)
        state.read();
    },
    [&state](const gate_changed& what) { counted(state).gate_changed(what.open); },
    [&state](const pool_seen& what) { counted(state).seen(what); },
    [&state](const pool_closed& what) { counted(state).closed(what.name); },
    [&state](const messages::await_room& what) { counted(state).await_room(what.pool); },
    [&state](const find_port_users& what) { return counted(state).find_users(what); },
    [&state](const recall_pool& what) { return counted(state).recall(what.name); },
    [&state](const find_pools& what) { return counted(state).find(what.service); },
    [&state](const refresh_inventory&) { counted(state).read(); },
    [&state](const messages::settings_changed&) { counted(state).settings_changed(); },
    [&state](const tick& what) { counted(state).ticked(what); },
  };
}

} // namespace dklb::actors
