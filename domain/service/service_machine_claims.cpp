#include "domain/pool/publication.hpp"
#include "domain/service/pool_choice.hpp"
#include "domain/service/service_transition.hpp"

#include <algorithm>
#include <utility>

// What a Service asks of its pool, and what it gives back.
namespace dklb::domain {

void service_transition::carry_out(claim_pool_part step) {
  for (const auto& warning : step.warnings)
    emit(true, "TranslationWarning", warning);
  if (step.refused_change)
    emit(true, "TranslationError", *step.refused_change);
  remark_claim(step.remarks);
  const auto was_stopped = stopped();
  it_.stage = service_stage::claimed;
  if (it_.claim && *it_.claim == *step.claim) {
    if (was_stopped && it_.served)
      resume();
    return;
  }
  const auto moved_from =
    it_.claim && it_.claim->pool != step.claim->pool ? it_.claim->pool : std::string{};
  const auto creation = strategy_on_leaving(moved_from);
  no_longer_served();
  if (it_.claim && !same_publication(*it_.claim, *step.claim)) {
    // Its status may show addresses that it does not want any more.
    it_.addresses.reset();
    it_.moved = true;
  }
  it_.claim = std::move(step.claim);
  end_release(it_.claim->pool);
  note(provisioning_report(it_.claim->pool));
  if (!moved_from.empty()) {
    add(service_effect::end_claim{});
    it_.addresses.reset();
    it_.moved = true;
    release(moved_from, creation);
  }
  send_claim();
}

void service_transition::send_claim() {
  it_.pool_missing = false;
  add(service_effect::claim_pool{it_.claim});
}

/// While it is paused the pool keeps what it has of it, and writes nothing for it.
void service_transition::hold_claim(const claim_ptr& standing, bool paused) {
  if (!standing || (standing == it_.claim && standing->paused == paused))
    return;
  auto copy = std::make_shared<pool_claim>(*standing);
  copy->paused = paused;
  if (paused)
    no_longer_served();
  it_.claim = std::move(copy);
  send_claim();
}

void service_transition::on(const service_event::claim_settled& event) {
  if (!it_.claim || *event.claim != *it_.claim)
    return;
  it_.failure.reset();
  if (event.refusal) {
    if (event.attempts > 0)
      failing_at_pool(event.attempts, event.retry_in);
    no_longer_served();
    return report(refused_report(*event.refusal), true, true);
  }
  it_.served = true;
  it_.served_before.reset();
  remark_nodes(event.notice);
  leave_others();
  if (!stopped())
    resume();
}

void service_transition::on(const service_event::claim_delayed& event) {
  if (!it_.claim || it_.claim->pool != event.pool)
    return;
  add(service_effect::keep_error{event.message});
  failing_at_pool(event.attempts, event.retry_in);
  report(delayed_report(event.pool, event.message), true, false);
}

void service_transition::failing_at_pool(std::uint32_t attempts,
                                         std::chrono::milliseconds retry_in) {
  it_.failure = std::make_unique<service_facts::failing>(
    service_facts::failing{{}, attempts, around_.clock + retry_in});
}

void service_transition::on(const service_event::pool_ended& event) {
  if (it_.claim && it_.claim->pool == event.pool)
    return send_claim();
  if (const auto* place = leaving(event.pool))
    release(event.pool, place->creation);
}

void service_transition::on(const service_event::pool_unavailable& event) {
  if (auto* place = leaving(event.pool)) {
    place->unavailable = true;
    return add(service_effect::arm_timer{service_timer::release, around_.retry_base});
  }
  if (!it_.claim || it_.claim->pool != event.pool)
    return;
  it_.pool_missing = true;
  add(service_effect::arm_timer{service_timer::claim, around_.retry_base});
}

void service_transition::no_longer_served() {
  if (std::exchange(it_.served, false))
    it_.served_before = it_.claim;
}

// -- releases

/// As far as its claims, of which one may be refused, and its annotation tell.
service_transition::strategy
service_transition::strategy_on_leaving(const std::string& pool) const {
  return domain::strategy_on_leaving(pool, {it_.claim.get(), it_.served_before.get()},
                                     subject().config_annotation);
}

/// The release of this pool that is not confirmed yet; null where there is none.
service_facts::leaving* service_transition::leaving(const std::string& pool) {
  const auto found = std::ranges::find(it_.leaving_pools, pool, &service_facts::leaving::pool);
  return found == it_.leaving_pools.end() ? nullptr : &*found;
}

void service_transition::release(const std::string& pool, strategy creation) {
  const service_facts::leaving asked{pool, creation, false};
  if (auto* place = leaving(pool))
    *place = asked;
  else
    it_.leaving_pools.push_back(asked);
  add(service_effect::release_pool{asked.pool, creation});
}

void service_transition::release_unavailable() {
  const auto all = it_.leaving_pools;
  for (const auto& [pool, creation, unavailable] : all)
    if (unavailable)
      release(pool, creation);
}

void service_transition::end_release(const std::string& pool) {
  if (std::erase_if(it_.leaving_pools, [&](const auto& one) { return one.pool == pool; }) > 0)
    add(service_effect::end_release{pool});
}

void service_transition::on(const service_event::released& event) {
  if (leaving(event.pool) == nullptr)
    return;
  end_release(event.pool);
  // While the pools are still asked for, more may have to be released.
  if (cleaning() && it_.stage != service_stage::finding && it_.leaving_pools.empty())
    clean_up_done();
}

void service_transition::on(const service_event::objects_found& event) {
  // A pool it left while nobody watched. Without a claim that EdgeLB serves it is not known where
  // the Service belongs, and what works stays.
  if (!around_.removes_leftovers)
    return;
  it_.found = event.pools;
  if (it_.served)
    leave_others();
}

void service_transition::leave_others() {
  if (!it_.claim || cleaning())
    return;
  for (const auto& pool : std::exchange(it_.found, {}))
    if (pool != it_.claim->pool && leaving(pool) == nullptr) {
      add(service_effect::log_leaving{pool});
      release(pool, strategy_on_leaving(pool));
    }
}

// -- the end

void service_transition::on(const service_event::pools_found& event) {
  if (it_.stage != service_stage::finding)
    return;
  // The finalizer must not go before it is known where the Service has objects.
  if (!event.pools)
    return add(service_effect::arm_timer{service_timer::find, around_.retry_base});
  it_.stage = service_stage::releasing;
  clean_up(*event.pools);
}

/// Somebody took our finalizer off by force while we served the Service.
void service_transition::lose_service() {
  if (!other_server(around_.settings, *it_.object)) {
    it_.stage = service_stage::stripped;
    return clean_up({});
  }
  // Its new server may give the objects the same names, and goes on with them.
  for (auto& one : std::exchange(it_.leaving_pools, {}))
    add(service_effect::end_release{std::move(one.pool), true});
  forget_claim(true);
}

void service_transition::clean_up(std::vector<std::string> pools) {
  if (it_.claim)
    pools.push_back(it_.claim->pool);
  if (it_.object) {
    const auto parsed = parse_configuration_object(it_.object->config_annotation.value_or(""));
    const auto text = parsed ? parsed->object : configuration_object{};
    if (const auto name = named_pool(*it_.object, text))
      pools.push_back(*name);
  }
  std::map<std::string, strategy> left;
  for (const auto& name : pools)
    if (leaving(name) == nullptr)
      left.emplace(name, strategy_on_leaving(name));
  forget_claim(false);
  for (const auto& [name, creation] : left)
    release(name, creation);
  if (it_.leaving_pools.empty())
    clean_up_done();
}

void service_transition::forget_claim(bool leave_objects) {
  if (std::exchange(it_.claim, nullptr))
    add(service_effect::end_claim{leave_objects});
  it_.served = false;
  it_.pool_missing = false;
  it_.served_before.reset();
  it_.addresses.reset();
  it_.remarked.reset();
  it_.found.clear();
}

void service_transition::clean_up_done() {
  it_.guarded = false;
  it_.stripper.reset();
  const auto complete = std::exchange(it_.stage, service_stage::seen) == service_stage::releasing;
  if (!it_.object) {
    emit(false, "DeletedLoadBalancer", "everything the Service had in EdgeLB is removed");
    return add(service_effect::quit{});
  }
  if (it_.object->uid != uid()) {
    // The successor of the same name begins.
    adopt(it_.object);
    return plan();
  }
  patch_service patch;
  patch.finalizers = finalizers_of_released(around_.settings, *it_.object);
  // Taken off by force meanwhile: there is nothing of ours on it any more. Where it is there again,
  // or our last patch is not answered yet, the plan tells.
  if (!complete || it_.patch || *patch.finalizers == it_.object->finalizers)
    return plan();
  emit(false, "DeletedLoadBalancer", "everything the Service had in EdgeLB is removed");
  if (it_.object->deleting)
    it_.stage = service_stage::released;
  else
    add(service_effect::withdraw{uid()});
  carry_out(std::move(patch));
}

} // namespace dklb::domain
