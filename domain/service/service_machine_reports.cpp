#include "domain/service/service_transition.hpp"

#include <functional>
#include <utility>

// What the user is told of a Service.
namespace dklb::domain {

namespace {

std::size_t digest_of(std::string_view reason, const std::string& message) {
  return std::hash<std::string>{}(std::string{reason}.append(message));
}

} // namespace

void service_transition::on(const service_event::gate_moved& event) {
  it_.gate_open = event.open;
  // What has an address is served; it need not know.
  if (!event.why.empty() && !it_.gate_open && it_.object && it_.object->addresses.empty()
      && wanted(around_.settings, *it_.object))
    report({service_phase::waiting, "EdgeLBError", event.why + "; dklb tries again by itself"},
           true, false);
  plan();
}

/// Its claim is served and nothing stands against it.
void service_transition::resume() {
  if (it_.condition_told)
    say(std::nullopt, false);
  // What the status shows was found before a restart; it holds until the metadata says otherwise.
  if (!has_addresses() && !it_.moved && it_.object)
    it_.addresses = {it_.object, &it_.object->addresses};
  if (!has_addresses()) {
    note(awaiting_address_report(it_.claim->pool));
    add(service_effect::arm_timer{service_timer::grace, around_.address_grace});
  } else {
    note(provisioned_report(it_.claim->pool, *it_.addresses));
  }
}

void service_transition::on(const service_event::addresses_published& event) {
  it_.addresses = event.addresses;
  it_.moved = false;
  if (!it_.claim || !it_.served || stopped() || !has_addresses())
    return;
  auto said = provisioned_report(it_.claim->pool, *it_.addresses);
  note(said);
  if (event.written)
    emit(false, said.reason, said.message);
}

void service_transition::report(const service_report& what, bool warning, bool blocking) {
  note(what);
  const auto condition = condition_of(what, it_.object ? it_.object->generation : 0);
  const auto known = it_.object && condition_says(*it_.object, condition);
  if (!known)
    emit(warning, what.reason, what.message);
  else
    it_.last_event = digest_of(what.reason, what.message);
  say(condition, blocking);
}

void service_transition::note(const service_report& what) {
  measure(what.phase);
  it_.phase = what.phase;
  const auto added = it_.timeline.add(around_.clock, what, it_.claim, it_.addresses);
  add(service_effect::show{what, !added});
}

void service_transition::measure(service_phase phase) {
  it_.measured = true;
  add(service_effect::measure{phase, it_.object && !it_.object->addresses.empty()});
}

void service_transition::emit(bool warning, std::string_view reason, const std::string& message) {
  // The same state never repeats an event.
  const auto digest = digest_of(reason, message);
  if (std::exchange(it_.last_event, digest) != digest)
    add(service_effect::record_event{uid(), warning, std::string{reason}, message});
}

void service_transition::say(std::optional<condition_update> condition, bool blocking) {
  it_.condition_told = condition.has_value();
  add(service_effect::report{uid(), std::move(condition), blocking});
}

} // namespace dklb::domain
