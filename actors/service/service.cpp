#include "actors/service/service.hpp"

#include "domain/base/names.hpp"
#include "domain/service/pool_choice.hpp"
#include "http/kube/denial.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace dklb::actors {

using namespace messages;
using domain::error_code;
using domain::service_phase;

void service_state::start(const service_ptr& object, runtime_ptr shared, directory_ptr handles,
                          bool open) {
  object_ = object;
  gate_open = open;
  enlist(self_, std::move(shared), std::move(handles), "service", to_string(key()));
  enter("waiting");
  track();
  pump();
}

void service_state::changed(const service_ptr& object) {
  const auto verdict = writes_.accept(object, now(self_));
  if (verdict == domain::echo_guard<domain::service>::verdict::first_held)
    self_->delayed_send(self_, domain::echo_timeout, tick{echo, 0});
  if (verdict != domain::echo_guard<domain::service>::verdict::newest)
    return;
  if (object->uid != uid() && !cleaning_) {
    // A new object of the same name: what the old one had goes first.
    gone();
    object_ = object;
    return;
  }
  const auto same = planned_ && object_ && domain::same_for_plan(*object_, *object, claim_.get());
  adopt(object);
  if (!same)
    pump();
}

void service_state::adopt(const service_ptr& object) {
  if (cleaning_ && object->uid != uid()) {
    // Waits for the clean-up of its predecessor.
    keep_former();
    object_ = object;
    return;
  }
  // The echo of our own write says nothing new; the writer was told when the answer came.
  const auto told = object_ && !*former_ && object_->resource_version == object->resource_version;
  object_ = object;
  former_.reset();
  if (!told)
    track();
}

void service_state::track() {
  // The status of a Service that another dklb serves is that one's business alone.
  if (domain::wanted(run->services, *object_) || domain::needs_cleanup(run->services, *object_))
    self_->send(peers->writer_of(key()), track_status{object_});
  else
    self_->send(peers->writer_of(key()), untrack_status{key(), uid()});
}

/// Its object is gone; what it claimed is still to be given back.
void service_state::keep_former() {
  if (object_ && !*former_)
    former_.edit() = object_;
}

void service_state::gone() {
  keep_former();
  object_.reset();
  if (cleaning_)
    return;
  self_->send(peers->writer_of(key()), untrack_status{key(), uid()});
  if (cleaned_ || (!claim_ && releasing_->empty()))
    return self_->quit();
  // Somebody took the finalizer off by force: what we know of is released all the same.
  cleaning_ = true;
  clean_up_pools({});
}

void service_state::gate_changed(const messages::gate_changed& what) {
  gate_open = what.open;
  if (!what.why.empty())
    gate_delayed(what.why);
  pump();
}

void service_state::gate_delayed(const std::string& why) {
  // What has an address is served; it need not know.
  if (gate_open || !object_ || !object_->addresses.empty()
      || !domain::wanted(run->services, *object_))
    return;
  report({service_phase::waiting, "EdgeLBError", why + "; dklb tries again by itself"}, true,
         false);
}

void service_state::directory_changed(const messages::directory_changed& what) {
  peers = what.handles;
  if (object_ && !cleaning_)
    track();
}

void service_state::ticked(const tick& what) {
  if (what.kind == retry && what.epoch == retry_epoch_)
    pump();
  if (what.kind == claim && claim_ && !pool_)
    send_claim();
  if (what.kind == release_again)
    release_waiting();
  if (what.kind == find && finding_)
    find_pools_to_clean();
  if (what.kind == echo)
    if (const auto held = writes_.take_held())
      changed(held);
  if (what.kind == grace && what.epoch == grace_epoch_ && served_ && !has_addresses() && claim_)
    report(domain::awaiting_address_report(claim_->pool), false, false);
}

// -- the next step
// ---------------------------------------------------------------------------------

void service_state::pump() {
  if (busy_ || cleaning_ || !gate_open || !object_)
    return;
  if (!meter_)
    measure(phase_);
  planned_ = true;
  // Whatever else is to be said of it: a pause holds from now on.
  if (object_->paused)
    hold_claim(claim_, true);
  domain::service_plan_input input;
  input.object = object_.get();
  if (const auto& accepted = served_ ? claim_ : *served_before_)
    input.accepted = domain::configuration_of(*accepted);
  input.suffix = [this] { return domain::name_suffix(run->random()); };
  input.pool_exists = [this](const std::string& name) { return run->names->contains(name); };
  input.holders = [this](const std::string& name) {
    return domain::holders_among(run->names->owners_of(name), key());
  };
  input.held = [this] { return run->names->pools_of(key()); };
  // One that was refused has nothing there, and stays free to change.
  if (claim_ && phase_ != service_phase::refused)
    input.claimed = claim_->pool;
  std::visit([this](auto&& step) { carry_out(std::forward<decltype(step)>(step)); },
             domain::plan_service(run->services, input));
}

void service_state::carry_out(domain::ignore_service step) {
  note(domain::ignored_report(std::move(step.message)));
  if (claim_ || !releasing_->empty())
    return lose_service();
  if (writes_.waiting()) {
    // Only what the watch told is known to the watcher too; ending before that would make it start
    // another one for an object that is already settled.
    planned_ = false;
  } else if (!domain::followed(*object_)) {
    self_->quit();
  }
}

void service_state::carry_out(const domain::clean_up_service&) {
  cleaning_ = true;
  note(domain::deleting_report(claim_ ? claim_->pool : std::string{}));
  find_pools_to_clean();
}

void service_state::carry_out(domain::refuse_service step) {
  // What EdgeLB serves goes on as it is.
  stopped_ = true;
  hold_claim(claim_, object_->paused);
  report({service_phase::refused, step.event_reason, std::move(step.message)}, true, true);
}

void service_state::carry_out(domain::pause_service step) {
  stopped_ = true;
  report(domain::paused_report(std::move(step.message)), false, true);
  // After a restart the pool does not know of it.
  hold_claim(claim_ ? claim_ : step.claim, true);
}

void service_state::carry_out(domain::patch_service step) {
  busy_ = true;
  writes_.begin();
  auto shared = std::make_shared<const domain::patch_service>(std::move(step));
  const auto done = [this, shared, sent = object_](const domain::result<service_ptr>& outcome) {
    busy_ = false;
    if (!outcome)
      writes_.failed();
    const auto news = outcome && writes_.answered((*outcome)->resource_version, now(self_)).news;
    // The watch may have been faster than the refusal to change an old version.
    if (!outcome && outcome.failure().code == error_code::conflict && object_
        && object_->resource_version != sent->resource_version)
      return pump();
    patched(*sent, *shared, outcome, news);
  };
  ask<service_answer>(
    self_, peers->kube, gateway_deadline(run->concurrency.kubernetes_timeout),
    patch_service_object{object_, *shared},
    [done](const service_answer& answer) { done(answer.outcome); },
    [done](const caf::error& problem) { done(to_domain(problem)); });
}

void service_state::patched(const domain::service& before, const domain::patch_service& step,
                            const domain::result<service_ptr>& outcome, bool news) {
  if (!outcome)
    return retry_later(outcome.failure());
  failing_.reset();
  if (step.restored_message)
    emit(true, "ConfigurationRestored", *step.restored_message);
  if (cleaned_ || !object_ || object_->uid != (*outcome)->uid)
    return writes_.forget(); // it was about an object that is no longer ours
  if (news)
    adopt(*outcome);
  auto foreseen = before;
  foreseen.finalizers = step.finalizers.value_or(before.finalizers);
  foreseen.pool_annotation = step.pool_annotation.value_or(before.pool_annotation);
  if (step.config_annotation)
    foreseen.config_annotation = step.config_annotation;
  if (step.next && gate_open && domain::same_for_plan(foreseen, *object_, nullptr)) {
    planned_ = true;
    return carry_out(*step.next);
  }
  pump();
}

void service_state::retry_later(const domain::error& failure) {
  planned_ = false; // the next snapshot is looked at, whatever it says
  auto& [backoff, attempts, next] = failing_.edit();
  if (!backoff)
    backoff.emplace(
      domain::backoff_settings{run->concurrency.retry_base, run->concurrency.retry_max, 2.0, 0.0});
  // 404 and 409: the watch is about to tell us what the object is now.
  const auto delay = backoff->next(failure.retry_after);
  attempts = backoff->attempts();
  next = std::chrono::system_clock::now() + delay;
  self_->delayed_send(self_, delay, tick{retry, ++retry_epoch_});
  if (failure.code == error_code::conflict || failure.code == error_code::not_found
      || failure.code == error_code::not_leader)
    return;
  failed(failure.message);
  // A missing right is the same for all of them, and the gateway has said so.
  run->log->log(http::kube::denial_of(failure) ? spdlog::level::debug : spdlog::level::warn,
                "service {}: {}; trying again", own_name(), failure.message);
  report({service_phase::waiting, "KubernetesError",
          "the Service could not be updated: " + failure.message + "; dklb tries again by itself"},
         true, false);
}

} // namespace dklb::actors
