#include "actors/pool/pool.hpp"

#include "domain/document/pool_defaults.hpp"

#include <nlohmann/json.hpp>

#include <utility>
#include <variant>

// Events for the machine, and its effects.
namespace dklb::actors {

using namespace messages;
namespace effects = domain::pool_effects;

void pool_state::start(const std::string& name, pool_arguments arguments) {
  gate_open = arguments.gate_open;
  enlist(self_, std::move(arguments.run), std::move(arguments.peers), "pool", name);
  machine_.emplace(std::shared_ptr<const domain::pool_settings>{run, &run->pools},
                   std::move(arguments.nodes), gate_open);
  enter(to_string(machine_->doing()));
}

void pool_state::claim(const claim_pool& what) {
  owners_[what.claim->service] = caf::actor_cast<service_actor>(self_->current_sender());
  carry_out(machine_->claim(what.claim, now(self_)));
}

caf::typed_response_promise<pool_released> pool_state::release(const release_pool& what) {
  auto promise = self_->make_response_promise<pool_released>();
  promises_[what.service].push_back(promise);
  owners_.erase(what.service);
  carry_out(machine_->release(what.service, what.creation, what.leave_objects, now(self_)));
  return promise;
}

void pool_state::drifted() {
  carry_out(machine_->drifted(now(self_)));
}

void pool_state::directory_changed(const messages::directory_changed& what) {
  const auto told = peers->poller_of(own_name());
  peers = what.handles;
  // A restarted poller has forgotten what it was told.
  if (peers->poller_of(own_name()) != told)
    carry_out(machine_->poller_replaced());
}

void pool_state::nodes_changed(const messages::nodes_changed& what) {
  carry_out(machine_->nodes_changed(what.nodes, now(self_)));
}

void pool_state::gate_changed(bool open) {
  gate_open = open;
  carry_out(machine_->gate_changed(open, now(self_)));
}

void pool_state::ticked(const tick& what) {
  carry_out(machine_->timer_due(static_cast<effects::timer>(what.kind), what.epoch, now(self_)));
}

domain::pool_timing pool_state::timing() const {
  const auto limits = run->concurrency();
  return {limits.pool_write_gap, limits.retry_base, limits.retry_max};
}

void pool_state::read_answered(domain::result<snapshot_ptr> outcome) {
  carry_out(machine_->read_answered(std::move(outcome), timing(), now(self_), random()));
}

void pool_state::write_answered(domain::result<snapshot_ptr> outcome) {
  carry_out(machine_->write_answered(std::move(outcome), timing(), now(self_), random()));
}

// -- the effects

void pool_state::carry_out(machine::effects wanted) {
  for (auto& each : wanted)
    std::visit([this](auto& what) { perform(what); }, each);
  enter(to_string(machine_->doing()));
  changed();
}

void pool_state::perform(const effects::recall&) {
  ask<recalled_pool>(
    self_, peers->inventory, reply_deadline, recall_pool{own_name()},
    [this](recalled_pool& answer) {
      const auto absent = answer.what == recalled_pool::state::absent;
      carry_out(machine_->recalled(std::move(answer.pool), absent, now(self_)));
    },
    [this](const caf::error&) { carry_out(machine_->recalled(nullptr, false, now(self_))); });
}

void pool_state::perform(const effects::read&) {
  ask<pool_answer>(
    self_, peers->edgelb, gateway_deadline(run->concurrency().edgelb_timeout),
    read_pool{own_name()},
    [this](pool_answer& answer) { read_answered(std::move(answer.outcome)); },
    [this](const caf::error& problem) { read_answered(to_domain(problem)); });
}

void pool_state::perform(effects::write& what) {
  auto& [action, document] = what;
  ask<pool_answer>(
    self_, peers->edgelb, gateway_deadline(run->concurrency().edgelb_timeout),
    write_pool{action, own_name(), std::move(document)},
    [this](pool_answer& answer) { write_answered(std::move(answer.outcome)); },
    [this](const caf::error& problem) { write_answered(to_domain(problem)); });
}

void pool_state::perform(effects::note_write& what) {
  auto& [action, cause, exists] = what;
  ++writes_;
  run->stats->pool_written(action);
  log_about(*run->log, spdlog::level::info, {.pool = own_name(), .reason = to_string(action)},
            "pool {}: {}: {}", own_name(), to_string(action), cause);
  last_write_ = last_write{std::chrono::system_clock::now(), std::move(cause)};
  if (exists)
    run->names->add(own_name());
  else
    run->names->remove(own_name());
}

void pool_state::perform(effects::report_seen& what) {
  auto& [seen] = what;
  self_->send(peers->inventory, pool_seen{own_name(), std::move(seen)});
}

void pool_state::perform(effects::settle_claim& what) {
  auto& [claim, refusal, attempts, retry_in, notice] = what;
  if (const auto owner = owners_.find(claim->service); owner != owners_.end() && owner->second)
    self_->send(owner->second,
                claim_settled{claim, std::move(refusal), attempts, retry_in, std::move(notice)});
}

void pool_state::perform(effects::delay_claim& what) {
  auto& [service, message, attempts, retry_in] = what;
  if (const auto owner = owners_.find(service); owner != owners_.end() && owner->second)
    self_->send(owner->second, claim_delayed{own_name(), std::move(message), attempts, retry_in});
}

void pool_state::perform(effects::confirm_release& what) {
  auto& [service] = what;
  const auto waiting = promises_.extract(service);
  if (waiting.empty())
    return;
  for (auto& promise : waiting.mapped())
    promise.deliver(pool_released{own_name()});
}

void pool_state::perform(const effects::await_room&) {
  self_->send(peers->inventory, messages::await_room{own_name()});
}

void pool_state::perform(effects::find_port_users& what) {
  auto& [claim, words] = what;
  messages::find_port_users question{own_name(), claim->role.value_or(domain::public_role), {}};
  for (const auto& port : claim->ports)
    question.ports.push_back(port.bind_port);
  const auto found = [this, claim = claim,
                      words = words](const std::vector<domain::port_user>& users) {
    carry_out(machine_->users_found(claim, words, users, now(self_)));
  };
  ask<port_users>(
    self_, peers->inventory, reply_deadline, std::move(question),
    [found](const port_users& answer) { found(answer.users); },
    [found](const caf::error&) { found({}); });
}

void pool_state::perform(effects::poll_metadata& what) {
  auto& [claims, soon] = what;
  self_->send(peers->poller_of(own_name()), poll_pool{own_name(), std::move(claims), soon});
}

void pool_state::perform(effects::arm_timer& what) {
  auto& [purpose, epoch, delay] = what;
  self_->delayed_send(self_, delay, tick{static_cast<std::uint32_t>(purpose), epoch});
}

void pool_state::perform(effects::note_failure& what) {
  auto& [message] = what;
  failed(std::move(message));
}

void pool_state::perform(const effects::note_success&) {
  failed({});
  run->troubles->works(trouble_source());
}

void pool_state::perform(const effects::warn& what) {
  const auto& [service, message] = what;
  const auto name = to_string(service);
  log_about(*run->log, spdlog::level::warn,
            {.service = name, .pool = own_name(), .reason = "refused"}, "pool {}: {}: {}",
            own_name(), name, message);
}

void pool_state::perform(const effects::log_retry& what) {
  const auto& [failure, attempts, retry_in] = what;
  run->failures->warn(*run->log, "pool",
                      {.pool = own_name(), .reason = to_string(failure.code), .attempt = attempts},
                      std::string{"pool "} + own_name() + ": " + failure.message
                        + "; trying again in " + domain::format_duration(retry_in),
                      now(self_));
}

void pool_state::perform(effects::report_denied& what) {
  auto& [message] = what;
  run->troubles->denied(trouble_source(), message);
}

void pool_state::perform(const effects::quit&) {
  self_->send(peers->inventory, pool_closed{own_name()});
  self_->quit();
}

} // namespace dklb::actors
