#include "actors/service/service.hpp"

#include "http/kube/denial.hpp"

#include <utility>

// The effects of a Service's machine, carried out. Each is taken apart, so that a new field does
// not compile until it is obeyed.
namespace dklb::actors {

using namespace messages;
namespace service_effect = domain::service_effect;
namespace service_event = domain::service_event;

service_state::~service_state() {
  let_go(pool_);
  if (leaving_)
    for (auto& [name, place] : *leaving_)
      let_go(place.pool);
}

void service_state::carry_out(const service_effect::patch_object& effect) {
  const auto& [object, patch] = effect;
  ask<service_answer>(
    self_, peers->kube, gateway_deadline(run->concurrency().kubernetes_timeout),
    patch_service_object{object, patch},
    [this](service_answer& answer) {
      handle(service_event::patch_answered{std::move(answer.outcome)});
    },
    [this](const caf::error& problem) {
      handle(service_event::patch_answered{to_domain(problem)});
    });
}

// -- pools

/// Remembers a pool, and hears of its end from now on. The machine has one use for a pool at a
/// time.
void service_state::hold(pool_actor& place, const pool_actor& pool) {
  let_go(place);
  self_->monitor(pool);
  place = pool;
}

void service_state::let_go(pool_actor& place) {
  if (const auto gone = std::exchange(place, nullptr))
    self_->demonitor(gone.address());
}

void service_state::carry_out(const service_effect::claim_pool& effect) {
  const auto& [claim] = effect;
  if (pool_) {
    self_->send(pool_, claim_pool{claim});
    return;
  }
  const auto& name = claim->pool;
  ask<pool_actor>(
    self_, peers->supervisor, reply_deadline, ensure_pool{name},
    [this, name](const pool_actor& pool) { claim_from(name, pool); },
    [this, name](const caf::error&) {
      if (!pool_)
        handle(service_event::pool_unavailable{name});
    });
}

/// The newest claim is what counts by now.
void service_state::claim_from(const std::string& name, const pool_actor& pool) {
  const auto& claim = machine_.facts().claim;
  if (!claim || claim->pool != name || pool_ == pool)
    return;
  hold(pool_, pool);
  self_->send(pool_, claim_pool{claim});
}

void service_state::carry_out(const service_effect::end_claim& effect) {
  const auto& [leaves] = effect;
  if (leaves)
    leave_objects(pool_);
  let_go(pool_);
}

void service_state::leave_objects(const pool_actor& pool) {
  if (pool)
    ask<pool_released>(
      self_, pool, reply_deadline, release_pool{key(), std::nullopt, true},
      [](const pool_released&) {}, [](const caf::error&) {});
}

service_state::leaving* service_state::find_leaving(const std::string& name, std::uint32_t turn) {
  if (!leaving_)
    return nullptr;
  const auto found = leaving_->find(name);
  return found != leaving_->end() && found->second.turn == turn ? &found->second : nullptr;
}

void service_state::carry_out(const service_effect::release_pool& effect) {
  const auto& [name, creation] = effect;
  if (!leaving_)
    leaving_ = std::make_unique<std::map<std::string, leaving>>();
  auto& place = (*leaving_)[name];
  let_go(place.pool);
  place.turn = ++turns_;
  ask<pool_actor>(
    self_, peers->supervisor, reply_deadline, ensure_pool{name},
    [this, name = name, turn = turns_, creation = creation](const pool_actor& pool) {
      if (auto* asked = find_leaving(name, turn)) {
        hold(asked->pool, pool);
        release_from(name, turn, creation);
      }
    },
    [this, name = name, turn = turns_](const caf::error&) {
      if (find_leaving(name, turn) != nullptr)
        handle(service_event::pool_unavailable{name});
    });
}

void service_state::release_from(const std::string& name, std::uint32_t turn,
                                 std::optional<domain::creation_strategy> creation) {
  // EdgeLB may be away for longer than the deadline: the pool is asked again then, which changes
  // nothing where it has not forgotten. Where the pool ended, its DOWN message tells.
  ask<pool_released>(
    self_, find_leaving(name, turn)->pool, gateway_deadline(run->concurrency().edgelb_timeout),
    release_pool{key(), creation},
    [this, name, turn](const pool_released&) {
      if (find_leaving(name, turn) != nullptr)
        handle(service_event::released{name});
    },
    [this, name, turn, creation](const caf::error& problem) {
      const auto* place = find_leaving(name, turn);
      if (problem == caf::sec::request_timeout && place != nullptr && place->pool)
        release_from(name, turn, creation);
    });
}

void service_state::carry_out(const service_effect::end_release& effect) {
  const auto& [name, leaves] = effect;
  auto& place = leaving_->at(name);
  if (leaves)
    leave_objects(place.pool);
  let_go(place.pool);
  leaving_->erase(name);
  if (leaving_->empty())
    leaving_.reset();
}

void service_state::carry_out(const service_effect::find_pools& /*effect*/) {
  ask<pools_found>(
    self_, peers->inventory, reply_deadline, find_pools{key()},
    [this](pools_found& found) { handle(service_event::pools_found{std::move(found.pools)}); },
    [this](const caf::error&) { handle(service_event::pools_found{}); });
}

// -- the status

void service_state::carry_out(const service_effect::track& effect) {
  const auto& [object] = effect;
  self_->send(peers->writer_of(key()), track_status{object});
}

void service_state::carry_out(const service_effect::untrack& effect) {
  const auto& [uid] = effect;
  self_->send(peers->writer_of(key()), untrack_status{key(), uid});
}

void service_state::carry_out(const service_effect::withdraw& effect) {
  const auto& [uid] = effect;
  self_->send(peers->writer_of(key()), withdraw_status{key(), uid});
}

void service_state::carry_out(const service_effect::report& effect) {
  const auto& [uid, condition, blocking] = effect;
  self_->send(peers->writer_of(key()), report_condition{key(), uid, condition, blocking});
}

void service_state::carry_out(const service_effect::remark& effect) {
  const auto& [uid, text] = effect;
  self_->send(peers->writer_of(key()), report_remark{key(), uid, text});
}

void service_state::carry_out(const service_effect::record_event& effect) {
  const auto& [uid, warning, reason, message] = effect;
  self_->send(peers->recorder, record_event{key(), uid, warning, reason, message});
}

// -- itself

void service_state::carry_out(const service_effect::arm_timer& effect) {
  const auto& [timer, delay] = effect;
  const auto kind = static_cast<std::uint32_t>(timer);
  self_->delayed_send(self_, delay, tick{kind, ++epochs_.at(kind)});
}

void service_state::carry_out(const service_effect::measure& effect) {
  const auto& [phase, has_address, no_nodes] = effect;
  if (!meter_)
    meter_ = std::make_unique<service_meter>(run->stats);
  meter_->enter(phase, has_address, no_nodes);
}

void service_state::carry_out(const service_effect::show& effect) {
  const auto& [report, repeated] = effect;
  enter(to_string(report.phase));
  if (repeated)
    return;
  const auto& claim = machine_.facts().claim;
  const std::string_view pool = claim ? std::string_view{claim->pool} : std::string_view{};
  log_about(
    *run->log, spdlog::level::info, {.service = own_name(), .pool = pool, .reason = report.reason},
    "service {}: {}: {}: {}", own_name(), to_string(report.phase), report.reason, report.message);
}

void service_state::carry_out(const service_effect::keep_error& effect) {
  const auto& [message] = effect;
  failed(message);
}

void service_state::carry_out(const service_effect::log_failure& effect) {
  const auto& [failure] = effect;
  // A missing right is the same for all of them, and the gateway has said so.
  if (http::kube::denial_of(failure))
    return run->log->debug("service {}: {}; trying again", own_name(), failure.message);
  const auto& failing = machine_.facts().failure;
  run->failures->warn(
    *run->log, "service",
    {.service = own_name(),
     .reason = to_string(failure.code),
     .attempt = failing ? failing->attempts : 0},
    std::string{"service "} + own_name() + ": " + failure.message + "; trying again", now(self_));
}

void service_state::carry_out(const service_effect::log_leaving& effect) {
  const auto& [pool] = effect;
  log_about(*run->log, spdlog::level::info,
            {.service = own_name(), .pool = pool, .reason = "leaving"},
            "service {}: leaving pool {}", own_name(), pool);
}

void service_state::carry_out(const service_effect::quit& /*effect*/) {
  self_->quit();
}

} // namespace dklb::actors
