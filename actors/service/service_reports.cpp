#include "actors/service/service.hpp"

#include "domain/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <utility>

namespace dklb::actors {

using namespace messages;
using domain::service_phase;

namespace {

std::size_t digest_of(std::string_view reason, const std::string& message) {
  return std::hash<std::string>{}(std::string{reason}.append(message));
}

} // namespace

void service_state::settled(const claim_settled& what) {
  if (!claim_ || *what.claim != *claim_)
    return;
  failing_.reset();
  if (what.refusal) {
    if (what.attempts > 0)
      failing_.edit() = {{}, what.attempts, std::chrono::system_clock::now() + what.retry_in};
    no_longer_served();
    return report(domain::refused_report(*what.refusal), true, true);
  }
  served_ = true;
  served_before_.reset();
  leave_others();
  if (!stopped_)
    resume();
}

/// Its claim is served and nothing stands against it.
void service_state::resume() {
  if (said_something_)
    say(std::nullopt, false);
  // What the status shows was found before a restart; it holds until the metadata says otherwise.
  if (!has_addresses() && !moved_ && object_)
    addresses_ = addresses_ptr{object_, &object_->addresses};
  if (!has_addresses()) {
    note(domain::awaiting_address_report(claim_->pool));
    self_->delayed_send(self_, run->address_grace, tick{grace, ++grace_epoch_});
  } else {
    note(domain::provisioned_report(claim_->pool, *addresses_));
  }
}

void service_state::delayed(const claim_delayed& what) {
  if (!claim_ || claim_->pool != what.pool)
    return;
  failed(what.message);
  failing_.edit() = {{}, what.attempts, std::chrono::system_clock::now() + what.retry_in};
  report(domain::delayed_report(what.pool, what.message), true, false);
}

void service_state::published(const addresses_published& what) {
  addresses_ = what.addresses;
  moved_ = false;
  if (!claim_ || !served_ || stopped_ || !has_addresses())
    return;
  auto said = domain::provisioned_report(claim_->pool, *addresses_);
  note(said);
  if (what.written)
    emit(false, said.reason, said.message);
}

void service_state::report(const domain::service_report& what, bool warning, bool blocking) {
  note(what);
  const auto condition = domain::condition_of(what, object_ ? object_->generation : 0);
  const auto known = object_ && domain::condition_says(*object_, condition);
  if (!known)
    emit(warning, what.reason, what.message);
  else
    last_event_ = digest_of(what.reason, what.message);
  say(condition, blocking);
}

void service_state::note(const domain::service_report& what) {
  enter(to_string(what.phase));
  measure(what.phase);
  phase_ = what.phase;
  if (timeline_.edit().add(std::chrono::system_clock::now(), what, claim_, addresses_))
    run->log->debug("service {}: {}: {}", own_name(), what.reason, what.message);
}

void service_state::measure(service_phase phase) {
  if (!meter_)
    meter_ = std::make_unique<service_meter>(run->stats);
  meter_->enter(phase, object_ && !object_->addresses.empty());
}

void service_state::emit(bool warning, std::string_view reason, const std::string& message) {
  // The same state never repeats an event.
  const auto digest = digest_of(reason, message);
  if (std::exchange(last_event_, digest) == digest)
    return;
  self_->send(peers->recorder, record_event{key(), uid(), warning, std::string{reason}, message});
}

void service_state::say(std::optional<domain::condition_update> condition, bool blocking) {
  said_something_ = condition.has_value();
  self_->send(peers->writer_of(key()),
              report_condition{key(), uid(), std::move(condition), blocking});
}

explanation service_state::explain() const {
  auto timeline = nlohmann::json::array();
  const auto told = timeline_->entries();
  const auto newest = told.empty() ? domain::service_report{} : told.back().report;
  for (const auto& item : told)
    timeline.push_back({{"at", to_rfc3339(item.at)},
                        {"phase", to_string(item.report.phase)},
                        {"reason", item.report.reason},
                        {"message", domain::visible(item.report.message)}});
  nlohmann::json body{
    {"namespace", key().name_space},
    {"name", key().name},
    {"uid", uid()},
    {"phase", to_string(phase_)},
    {"reason", newest.reason},
    {"message", domain::visible(newest.message)},
    {"pool", nullptr},
    {"frontends", nlohmann::json::array()},
    {"addresses", has_addresses() ? address_list(*addresses_) : nlohmann::json::array()},
    {"attempts", failing_->attempts},
    {"nextRetry", nullptr},
    {"timeline", std::move(timeline)}};
  if (claim_) {
    body["pool"] = claim_->pool;
    for (const auto& port : claim_->ports)
      body["frontends"].push_back({{"port", port.bind_port},
                                   {"servicePort", port.service_port},
                                   {"nodePort", port.node_port}});
  }
  if (failing_->next > std::chrono::system_clock::now())
    body["nextRetry"] = to_rfc3339(failing_->next);
  return {std::make_shared<const nlohmann::json>(std::move(body))};
}

service_actor::behavior_type service(service_state::self_pointer self, service_ptr object,
                                     runtime_ptr run, directory_ptr peers, bool gate_open) {
  auto& state = self->state;
  self->set_down_handler([&state](const caf::down_msg& down) { state.actor_down(down.source); });
  state.start(object, std::move(run), std::move(peers), gate_open);
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const service_changed& what) { counted(state).changed(what.object); },
    [&state](const service_gone&) { counted(state).gone(); },
    [&state](const objects_found& what) { counted(state).objects_found(what.pools); },
    [&state](const directory_changed& what) { counted(state).directory_changed(what); },
    [&state](const gate_changed& what) { counted(state).gate_changed(what); },
    [&state](const claim_settled& what) { counted(state).settled(what); },
    [&state](const claim_delayed& what) { counted(state).delayed(what); },
    [&state](const addresses_published& what) { counted(state).published(what); },
    [&state](const tick& what) { counted(state).ticked(what); },
    [&state](const explain&) { return counted(state).explain(); },
  };
}

} // namespace dklb::actors
