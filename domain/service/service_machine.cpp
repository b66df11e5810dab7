#include "domain/service/service_machine.hpp"

#include "domain/service/pool_choice.hpp"
#include "domain/service/service_transition.hpp"

#include <utility>
#include <variant>

namespace dklb::domain {

service_effect::list service_machine::handle(const service_event::any& event,
                                             const service_surroundings& around) {
  service_transition transition{facts_, around};
  std::visit([&](const auto& one) { transition.on(one); }, event);
  return transition.take();
}

bool service_transition::cleaning() const {
  return it_.stage == service_stage::finding || it_.stage == service_stage::releasing
         || it_.stage == service_stage::stripped;
}

/// The newest annotation is not followed: nothing about the claim may replace what is said of that.
bool service_transition::stopped() const {
  return it_.stage == service_stage::refused || it_.stage == service_stage::paused;
}

/// EdgeLB has the claim, but no node takes its traffic.
bool service_transition::no_nodes() const {
  return it_.served && it_.remarked && it_.remarked->nodes && it_.remarked->nodes->none;
}

// -- snapshots

void service_transition::on(const service_event::begun& event) {
  it_.object = event.object;
  it_.gate_open = event.gate_open;
  track();
  plan();
}

void service_transition::on(const service_event::seen& event) {
  using verdict = echo_guard<service>::verdict;
  const auto found = it_.writes.accept(event.object, around_.now);
  if (found == verdict::first_held)
    add(service_effect::arm_timer{service_timer::echo, echo_timeout});
  if (found != verdict::newest)
    return;
  if (event.object->uid != uid() && !cleaning()) {
    // A new object of the same name: what the old one had goes first.
    on(service_event::deleted{});
    it_.object = event.object;
    return;
  }
  const auto same =
    it_.plan_current && it_.object && same_for_plan(*it_.object, *event.object, it_.claim.get());
  adopt(event.object);
  if (!same)
    plan();
}

void service_transition::adopt(const service_ptr& object) {
  if (cleaning() && object->uid != uid()) {
    // Waits for the clean-up of its predecessor.
    keep_former();
    it_.object = object;
    return;
  }
  // The echo of our own write says nothing new; the writer was told when the answer came.
  const auto told =
    it_.object && !it_.former && it_.object->resource_version == object->resource_version;
  it_.object = object;
  it_.former.reset();
  if (!told)
    track();
}

void service_transition::track() {
  // The status of a Service that another dklb serves is that one's business alone.
  if (wanted(around_.settings, *it_.object) || needs_cleanup(around_.settings, *it_.object))
    add(service_effect::track{it_.object});
  else
    add(service_effect::untrack{uid()});
}

/// Its object is gone; what it claimed is still to be given back.
void service_transition::keep_former() {
  if (it_.object && !it_.former)
    it_.former = it_.object;
}

void service_transition::on(const service_event::deleted& /*event*/) {
  keep_former();
  it_.object.reset();
  if (cleaning())
    return;
  add(service_effect::untrack{uid()});
  if (!it_.claim && it_.leaving_pools.empty())
    return add(service_effect::quit{});
  // Somebody took the finalizer off by force: what we know of is released all the same.
  it_.stage = service_stage::stripped;
  clean_up({});
}

void service_transition::on(const service_event::peers_replaced& /*event*/) {
  if (!it_.object || cleaning())
    return;
  track();
  if (it_.remarked && it_.remarked->told)
    add(service_effect::remark{uid(), it_.remarked->told});
  if (no_nodes() && !stopped())
    say(condition_of(no_nodes_report(it_.remarked->nodes->message), it_.object->generation), true);
}

void service_transition::on(const service_event::timer_due& event) {
  switch (event.timer) {
  case service_timer::retry:
    return plan();
  case service_timer::grace:
    if (it_.served && !has_addresses() && it_.claim && !no_nodes())
      report(awaiting_address_report(it_.claim->pool), false, false);
    return;
  case service_timer::echo:
    if (auto held = it_.writes.take_held())
      on(service_event::seen{std::move(held)});
    return;
  case service_timer::claim:
    if (it_.claim && it_.pool_missing)
      send_claim();
    return;
  case service_timer::find:
    if (it_.stage == service_stage::finding)
      add(service_effect::find_pools{});
    return;
  case service_timer::release:
    return release_unavailable();
  }
}

// -- the next step

void service_transition::plan() {
  if (it_.patch || cleaning() || !it_.gate_open || !it_.object)
    return;
  if (!it_.measured)
    measure(it_.phase);
  it_.plan_current = true;
  it_.guarded = it_.guarded || serves(around_.settings, *it_.object);
  // Whatever else is to be said of it: a pause holds from now on.
  if (it_.object->paused)
    hold_claim(it_.claim, true);
  std::visit([this](auto&& step) { carry_out(std::forward<decltype(step)>(step)); },
             plan_service(around_.settings, plan_input()));
}

service_plan_input service_transition::plan_input() const {
  service_plan_input input;
  input.object = it_.object.get();
  if (const auto& accepted = it_.served ? it_.claim : it_.served_before)
    input.accepted = configuration_of(*accepted);
  // One that was refused has nothing there, and stays free to change.
  if (it_.claim && it_.phase != service_phase::refused)
    input.claimed = it_.claim->pool;
  around_.add_pools(input);
  return input;
}

void service_transition::carry_out(ignore_service step) {
  it_.stage = service_stage::ignored;
  note(ignored_report(std::move(step.message)));
  if (it_.claim || !it_.leaving_pools.empty())
    return lose_service();
  if (it_.writes.waiting()) {
    // Only what the watch told is known to the watcher too; ending before that would make it start
    // another one for an object that is already settled.
    it_.plan_current = false;
  } else if (!followed(*it_.object)) {
    add(service_effect::quit{});
  }
}

void service_transition::carry_out(const clean_up_service& /*step*/) {
  it_.stage = service_stage::finding;
  note(deleting_report(it_.claim ? it_.claim->pool : std::string{}));
  add(service_effect::find_pools{});
}

void service_transition::carry_out(refuse_service step) {
  // What EdgeLB serves goes on as it is.
  it_.stage = service_stage::refused;
  hold_claim(it_.claim, it_.object->paused);
  report({service_phase::refused, step.event_reason, std::move(step.message)}, true, true);
}

void service_transition::carry_out(pause_service step) {
  it_.stage = service_stage::paused;
  report(paused_report(std::move(step.message)), false, true);
  // After a restart the pool does not know of it.
  hold_claim(it_.claim ? it_.claim : step.claim, true);
}

void service_transition::carry_out(patch_service step) {
  if (step.finalizers && it_.guarded && !serves(around_.settings, *it_.object) && !may_put_back())
    return;
  it_.writes.begin();
  it_.patch = std::make_unique<const service_facts::writing>(
    service_facts::writing{it_.object, std::move(step)});
  add(service_effect::patch_object{it_.object, it_.patch->patch});
}

/// Whether the finalizer that another program removed may be put back now; the Service is planned
/// again where not.
bool service_transition::may_put_back() {
  if (!it_.stripper)
    it_.stripper = std::make_unique<write_back_limit>();
  const auto known = it_.stripper->contested(around_.now);
  const auto wait = it_.stripper->put_back(around_.now);
  if (wait > write_back_limit::time{0}) {
    add(service_effect::arm_timer{service_timer::retry, wait});
    return false;
  }
  if (!known && it_.stripper->contested(around_.now))
    emit(true, "FinalizerContested",
         "another program keeps removing dklb's finalizer from this Service, which dklb now puts "
         "back once a minute at most; see which one it is (kubectl get service -o yaml "
         "--show-managed-fields) and stop it");
  return true;
}

void service_transition::on(const service_event::patch_answered& event) {
  const auto sent = std::exchange(it_.patch, nullptr);
  if (!sent)
    return;
  const auto& outcome = event.outcome;
  if (outcome) {
    const auto told = it_.writes.answered((*outcome)->resource_version, around_.now);
    return patched(*sent, *outcome, told.news);
  }
  it_.writes.failed();
  // The watch may have been faster than the refusal to change an old version.
  if (outcome.failure().code == error_code::conflict && it_.object
      && it_.object->resource_version != sent->before->resource_version)
    return plan();
  retry_later(outcome.failure());
}

void service_transition::patched(const service_facts::writing& sent, const service_ptr& object,
                                 bool news) {
  const auto& [before, patch] = sent;
  it_.failure.reset();
  if (patch.restored_message)
    emit(true, "ConfigurationRestored", *patch.restored_message);
  if (it_.stage == service_stage::released)
    return it_.writes.forget(); // the watch tells of its end
  if (!it_.object || it_.object->uid != object->uid) {
    it_.writes.forget(); // it was about an object that is no longer ours
    return plan();
  }
  if (news)
    adopt(object);
  auto foreseen = *before;
  foreseen.finalizers = patch.finalizers.value_or(before->finalizers);
  foreseen.pool_annotation = patch.pool_annotation.value_or(before->pool_annotation);
  if (patch.config_annotation)
    foreseen.config_annotation = patch.config_annotation;
  if (patch.next && it_.gate_open && !cleaning() && same_for_plan(foreseen, *it_.object, nullptr)) {
    it_.plan_current = true;
    return carry_out(*patch.next);
  }
  plan();
}

void service_transition::retry_later(const error& failure) {
  it_.plan_current = false; // the next snapshot is looked at, whatever it says
  if (!it_.failure)
    it_.failure = std::make_unique<service_facts::failing>();
  auto& [delays, attempts, next] = *it_.failure;
  if (!delays)
    delays.emplace();
  // 404 and 409: the watch is about to tell us what the object is now.
  const auto delay =
    delays->next({around_.retry_base, around_.retry_max, 2.0, 0.0}, failure.retry_after);
  attempts = delays->attempts();
  next = around_.clock + delay;
  add(service_effect::arm_timer{service_timer::retry, delay});
  if (failure.code == error_code::conflict || failure.code == error_code::not_found
      || failure.code == error_code::not_leader)
    return;
  add(service_effect::keep_error{failure.message});
  add(service_effect::log_failure{failure});
  report({service_phase::waiting, "KubernetesError",
          "the Service could not be updated: " + failure.message + "; dklb tries again by itself"},
         true, false);
}

} // namespace dklb::domain
