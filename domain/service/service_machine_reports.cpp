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
  if (no_nodes())
    return report(no_nodes_report(it_.remarked->nodes->message), true, true);
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
  if (!it_.claim || !it_.served || stopped() || !has_addresses() || no_nodes())
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
  add(service_effect::measure{phase, it_.object && !it_.object->addresses.empty(),
                              phase == service_phase::waiting && no_nodes()});
}

void service_transition::emit(bool warning, std::string_view reason, const std::string& message) {
  // The same state never repeats an event.
  const auto digest = digest_of(reason, message);
  if (std::exchange(it_.last_event, digest) != digest)
    add(service_effect::record_event{uid(), warning, std::string{reason}, message});
}

/// The ports that are not served, and the like.
void service_transition::remark_claim(const std::vector<std::string>& remarks) {
  std::string text;
  for (const auto& remark : remarks)
    text.append(text.empty() ? "" : "; ").append(remark);
  if (text == (it_.remarked ? it_.remarked->claim : std::string{}))
    return;
  if (!it_.remarked)
    it_.remarked = std::make_unique<service_facts::remarks>();
  it_.remarked->claim = std::move(text);
  tell_remarks();
}

void service_transition::remark_nodes(std::shared_ptr<const node_notice> notice) {
  if (!notice && !it_.remarked)
    return;
  if (!it_.remarked)
    it_.remarked = std::make_unique<service_facts::remarks>();
  it_.remarked->nodes = std::move(notice);
  tell_remarks();
}

/// To the status writer, and once in an event: not again where the condition says it already.
void service_transition::tell_remarks() {
  auto& [claim, nodes, told] = *it_.remarked;
  const auto left_out = nodes && !nodes->none ? nodes->message : std::string{};
  const auto before = told ? *told : std::string{};
  auto text = claim;
  if (!left_out.empty())
    text.append(text.empty() ? "" : "; ").append(left_out);
  if (text == before)
    return;
  const auto known = [&](const std::string& part) {
    const auto* own =
      it_.object && it_.object->own_condition ? &*it_.object->own_condition : nullptr;
    return part.empty() || before.find(part) != std::string::npos
           || (own != nullptr && own->message.find(part) != std::string::npos);
  };
  if (!known(claim))
    emit(true, "TranslationWarning", claim);
  if (!known(left_out))
    emit(true, "NodesLeftOut", left_out);
  told = text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text));
  add(service_effect::remark{uid(), told});
}

void service_transition::say(std::optional<condition_update> condition, bool blocking) {
  it_.condition_told = condition.has_value();
  add(service_effect::report{uid(), std::move(condition), blocking});
}

} // namespace dklb::domain
