#include "actors/service/service.hpp"

#include "domain/service/pool_choice.hpp"

#include <algorithm>
#include <utility>

// What a Service asks of its pool, and what it gives back.
namespace dklb::actors {

using namespace messages;

/// A pool outlives most of its Services, so whoever lets go of one takes the monitor back:
/// otherwise the pool would keep something of every Service that it ever had.
service_state::~service_state() {
  let_go(pool_);
  while (!releasing_->empty())
    not_releasing(releasing_->begin()->first);
}

bool service_state::holds(const pool_actor& pool) const {
  return pool_ == pool || std::ranges::any_of(*releasing_, [&](const auto& item) {
           return item.second.pool == pool;
         });
}

/// Remembers a pool, and hears of its end from now on.
void service_state::hold(pool_actor& place, const pool_actor& pool) {
  let_go(place);
  if (!holds(pool))
    self_->monitor(pool);
  place = pool;
}

void service_state::let_go(pool_actor& place) {
  const auto gone = std::exchange(place, nullptr);
  if (gone && !holds(gone))
    self_->demonitor(gone.address());
}

void service_state::carry_out(domain::claim_pool_part step) {
  for (const auto& warning : step.warnings)
    emit(true, "TranslationWarning", warning);
  if (step.refused_change)
    emit(true, "TranslationError", *step.refused_change);
  if (claim_ && *claim_ == *step.claim) {
    if (std::exchange(stopped_, false) && served_)
      resume();
    return;
  }
  const auto moved_from = claim_ && claim_->pool != step.claim->pool ? claim_->pool : std::string{};
  const auto creation = strategy_on_leaving(moved_from);
  no_longer_served();
  claim_ = std::move(step.claim);
  not_releasing(claim_->pool);
  stopped_ = false;
  note(domain::provisioning_report(claim_->pool));
  if (!moved_from.empty()) {
    let_go(pool_);
    addresses_.reset();
    moved_ = true;
    release(moved_from, creation);
  }
  send_claim();
}

void service_state::send_claim() {
  if (pool_) {
    self_->send(pool_, claim_pool{claim_});
    return;
  }
  ask<pool_actor>(
    self_, peers->supervisor, reply_deadline, ensure_pool{claim_->pool},
    [this, wanted = claim_->pool](const pool_actor& pool) {
      if (!claim_ || claim_->pool != wanted || pool_ == pool)
        return;
      hold(pool_, pool);
      self_->send(pool_, claim_pool{claim_});
    },
    [this](const caf::error&) {
      self_->delayed_send(self_, run->concurrency.retry_base, tick{claim, 0});
    });
}

/// While it is paused the pool keeps what it has of it, and writes nothing for it.
void service_state::hold_claim(const claim_ptr& standing, bool paused) {
  if (!standing || (standing == claim_ && standing->paused == paused))
    return;
  auto copy = std::make_shared<domain::pool_claim>(*standing);
  copy->paused = paused;
  if (paused)
    no_longer_served();
  claim_ = std::move(copy);
  send_claim();
}

/// As far as its claims, of which one may be refused, and its annotation tell.
std::optional<domain::creation_strategy>
service_state::strategy_on_leaving(const std::string& pool) const {
  return domain::strategy_on_leaving(pool, {claim_.get(), served_before_->get()},
                                     subject().config_annotation);
}

void service_state::release(const std::string& name,
                            std::optional<domain::creation_strategy> creation) {
  auto& place = releasing_.edit()[name];
  let_go(place.pool);
  place.creation = creation;
  ask<pool_actor>(
    self_, peers->supervisor, reply_deadline, ensure_pool{name},
    [this, name](const pool_actor& pool) {
      if (!releasing_->contains(name))
        return;
      hold(releasing_.edit()[name].pool, pool);
      release_from(pool, name);
    },
    [this](const caf::error&) {
      self_->delayed_send(self_, run->concurrency.retry_base, tick{release_again, 0});
    });
}

void service_state::release_from(const pool_actor& pool, const std::string& name) {
  // EdgeLB may be away for longer than the deadline: the pool is asked again then, which changes
  // nothing where it has not forgotten.
  ask<pool_released>(
    self_, pool, gateway_deadline(run->concurrency.edgelb_timeout),
    release_pool{key(), releasing_->at(name).creation},
    [this](const pool_released& done) { released(done.pool); },
    [this, pool, name](const caf::error& problem) {
      const auto place = releasing_->find(name);
      if (problem == caf::sec::request_timeout && place != releasing_->end()
          && place->second.pool == pool)
        release_from(pool, name);
    }); // where the pool ended, its DOWN message starts it again
}

/// What could not be begun: no pool was found for it.
void service_state::release_waiting() {
  std::map<std::string, leaving> waiting;
  for (const auto& [name, one] : *releasing_)
    if (!one.pool)
      waiting.emplace(name, one);
  for (const auto& [name, one] : waiting)
    release(name, one.creation);
}

void service_state::not_releasing(const std::string& pool) {
  if (const auto found = releasing_.edit().find(pool); found != releasing_->end()) {
    let_go(found->second.pool);
    releasing_.edit().erase(found);
  }
  if (releasing_->empty())
    releasing_.reset();
}

void service_state::released(const std::string& pool) {
  if (!releasing_->contains(pool))
    return;
  not_releasing(pool);
  if (cleaning_ && releasing_->empty())
    clean_up_done();
}

void service_state::actor_down(const caf::actor_addr& source) {
  if (pool_ && pool_.address() == source) {
    let_go(pool_);
    if (claim_)
      send_claim();
  }
  std::map<std::string, leaving> again;
  for (const auto& [name, one] : *releasing_)
    if (one.pool && one.pool.address() == source)
      again.emplace(name, one);
  for (const auto& [name, one] : again)
    release(name, one.creation);
}

void service_state::objects_found(const std::vector<std::string>& pools) {
  // A pool it left while nobody watched. Without a claim that EdgeLB serves it is not known where
  // the Service belongs, and what works stays.
  if (run->orphans == domain::orphan_mode::report)
    return;
  found_.edit() = pools;
  if (served_)
    leave_others();
}

void service_state::leave_others() {
  if (!claim_ || cleaning_)
    return;
  for (const auto& pool : *found_)
    if (pool != claim_->pool && !releasing_->contains(pool)) {
      run->log->info("service {}: leaving pool {}", own_name(), pool);
      release(pool, strategy_on_leaving(pool));
    }
  found_.reset();
}

void service_state::find_pools_to_clean() {
  finding_ = true;
  ask<pools_found>(
    self_, peers->inventory, reply_deadline, find_pools{key()},
    [this](pools_found& found) {
      if (std::exchange(finding_, false))
        clean_up_pools(std::move(found.pools));
    },
    // The finalizer must not go before it is known where the Service has objects.
    [this](const caf::error&) {
      self_->delayed_send(self_, run->concurrency.retry_base, tick{find, 0});
    });
}

/// Somebody took our finalizer off by force while we served the Service.
void service_state::lose_service() {
  if (!domain::other_server(run->services, *object_)) {
    cleaning_ = true;
    return clean_up_pools({});
  }
  // Its new server may give the objects the same names, and goes on with them.
  const auto leave = [this](const pool_actor& pool) {
    if (pool)
      ask<pool_released>(
        self_, pool, reply_deadline, release_pool{key(), std::nullopt, true},
        [](const pool_released&) {}, [](const caf::error&) {});
  };
  while (!releasing_->empty()) {
    leave(releasing_->begin()->second.pool);
    not_releasing(releasing_->begin()->first);
  }
  leave(pool_);
  forget_claim();
}

void service_state::clean_up_pools(std::vector<std::string> pools) {
  if (claim_)
    pools.push_back(claim_->pool);
  if (object_) {
    const auto parsed = domain::parse_configuration_object(object_->config_annotation.value_or(""));
    const auto text = parsed ? parsed->object : domain::configuration_object{};
    if (const auto name = domain::named_pool(*object_, text))
      pools.push_back(*name);
  }
  std::map<std::string, std::optional<domain::creation_strategy>> left;
  for (const auto& name : pools)
    if (!releasing_->contains(name))
      left.emplace(name, strategy_on_leaving(name));
  forget_claim();
  for (const auto& [name, creation] : left)
    release(name, creation);
  if (releasing_->empty())
    clean_up_done();
}

void service_state::forget_claim() {
  claim_.reset();
  let_go(pool_);
  served_ = false;
  served_before_.reset();
  addresses_.reset();
  found_.reset();
}

void service_state::no_longer_served() {
  if (std::exchange(served_, false))
    served_before_.edit() = claim_;
}

void service_state::clean_up_done() {
  cleaning_ = false;
  if (!object_) {
    emit(false, "DeletedLoadBalancer", "everything the Service had in EdgeLB is removed");
    return self_->quit();
  }
  if (object_->uid != uid()) {
    // The successor of the same name begins.
    adopt(object_);
    return pump();
  }
  domain::patch_service patch;
  patch.finalizers = domain::finalizers_of_released(run->services, *object_);
  if (*patch.finalizers == object_->finalizers)
    return pump(); // taken off by force meanwhile: there is nothing of ours on it any more
  emit(false, "DeletedLoadBalancer", "everything the Service had in EdgeLB is removed");
  cleaned_ = object_->deleting;
  if (!cleaned_)
    self_->send(peers->writer_of(key()), withdraw_status{key(), uid()});
  carry_out(std::move(patch));
}

} // namespace dklb::actors
