#include "actors/service/service.hpp"

#include "domain/document/pool_bind.hpp"
#include "domain/pool/publication.hpp"
#include "domain/service/pool_choice.hpp"
#include "domain/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <utility>
#include <variant>

// The messages of a Service, as events of its machine.
namespace dklb::actors {

using namespace messages;
namespace service_event = domain::service_event;

void service_state::start(const service_ptr& object, runtime_ptr shared, directory_ptr handles,
                          bool open) {
  enlist(self_, std::move(shared), std::move(handles), "service", to_string(object->key));
  enter("waiting");
  handle(service_event::begun{object, open});
}

void service_state::handle(const service_event::any& event) {
  for (const auto& effect : machine_.handle(event, surroundings()))
    std::visit([this](const auto& one) { carry_out(one); }, effect);
  changed();
}

domain::service_surroundings service_state::surroundings() const {
  const auto live = run->live->get();
  return {.settings = run->services,
          .removes_leftovers = live->orphans == domain::orphan_mode::remove,
          .retry_base = live->concurrency.retry_base,
          .retry_max = live->concurrency.retry_max,
          .address_grace = run->address_grace,
          .now = now(self_),
          .clock = std::chrono::system_clock::now(),
          .add_pools = [this](domain::service_plan_input& input) { add_pools(input); }};
}

void service_state::add_pools(domain::service_plan_input& input) const {
  input.suffix = [this] { return domain::name_suffix(run->random()); };
  input.pool_exists = [this](const std::string& name) { return run->names->contains(name); };
  input.holders = [this](const std::string& name) {
    return domain::holders_among(run->names->owners_of(name), key());
  };
  input.held = [this] { return run->names->pools_of(key()); };
}

void service_state::directory_changed(const messages::directory_changed& what) {
  peers = what.handles;
  handle(service_event::peers_replaced{});
}

void service_state::settled(const claim_settled& what) {
  const auto& [claim, refusal, attempts, retry_in, notice] = what;
  handle(service_event::claim_settled{claim, refusal, attempts, retry_in, notice});
}

void service_state::ticked(const tick& what) {
  if (what.epoch == epochs_.at(what.kind))
    handle(service_event::timer_due{static_cast<domain::service_timer>(what.kind)});
}

void service_state::actor_down(const caf::actor_addr& source) {
  if (pool_ && pool_.address() == source) {
    let_go(pool_);
    handle(service_event::pool_ended{machine_.facts().claim->pool});
    return;
  }
  if (!leaving_)
    return;
  for (auto& [name, place] : *leaving_)
    if (place.pool && place.pool.address() == source) {
      let_go(place.pool);
      return handle(service_event::pool_ended{std::string{name}});
    }
}

explanation service_state::explain() const {
  const auto& facts = machine_.facts();
  auto timeline = nlohmann::json::array();
  const auto told = facts.timeline.entries();
  const auto newest = told.empty() ? domain::service_report{} : told.back().report;
  for (const auto& item : told)
    timeline.push_back({{"at", to_rfc3339(item.at)},
                        {"phase", to_string(item.report.phase)},
                        {"reason", item.report.reason},
                        {"message", domain::visible(item.report.message)}});
  nlohmann::json body{{"namespace", key().name_space},
                      {"name", key().name},
                      {"uid", machine_.subject().uid},
                      {"phase", to_string(facts.phase)},
                      {"reason", newest.reason},
                      {"message", domain::visible(newest.message)},
                      {"pool", nullptr},
                      {"frontends", nlohmann::json::array()},
                      {"traffic", nlohmann::json::object()},
                      {"bindAddress", nullptr},
                      {"publish", nullptr},
                      {"remark", nullptr},
                      {"addresses", machine_.has_addresses() ? address_list(*facts.addresses)
                                                             : nlohmann::json::array()},
                      {"attempts", facts.failure ? facts.failure->attempts : 0U},
                      {"nextRetry", nullptr},
                      {"timeline", std::move(timeline)}};
  if (facts.remarked && facts.remarked->told)
    body["remark"] = domain::visible(*facts.remarked->told);
  if (facts.claim) {
    body["pool"] = facts.claim->pool;
    body["bindAddress"] = to_string(domain::bind_of(*facts.claim));
    body["publish"] = to_string(domain::publication_of(*facts.claim, run->services.publish).kind);
    for (const auto& port : facts.claim->ports)
      body["frontends"].push_back({{"port", port.bind_port},
                                   {"servicePort", port.service_port},
                                   {"nodePort", port.node_port}});
    body["traffic"] = domain::traffic_to_json(*facts.claim);
  }
  if (facts.failure && facts.failure->next > std::chrono::system_clock::now())
    body["nextRetry"] = to_rfc3339(facts.failure->next);
  return {std::make_shared<const nlohmann::json>(std::move(body))};
}

service_actor::behavior_type service(service_state::self_pointer self, service_ptr object,
                                     runtime_ptr run, directory_ptr peers, bool gate_open) {
  auto& state = self->state;
  self->set_down_handler([&state](const caf::down_msg& down) { state.actor_down(down.source); });
  state.start(object, std::move(run), std::move(peers), gate_open);
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const service_changed& what) {
      counted(state).handle(service_event::seen{what.object});
    },
    [&state](const service_gone&) { counted(state).handle(service_event::deleted{}); },
    [&state](const objects_found& what) {
      counted(state).handle(service_event::objects_found{what.pools});
    },
    [&state](const directory_changed& what) { counted(state).directory_changed(what); },
    [&state](const gate_changed& what) {
      counted(state).handle(service_event::gate_moved{what.open, what.why});
    },
    [&state](const claim_settled& what) { counted(state).settled(what); },
    [&state](const claim_delayed& what) {
      const auto& [pool, message, attempts, retry_in] = what;
      counted(state).handle(service_event::claim_delayed{pool, message, attempts, retry_in});
    },
    [&state](const addresses_published& what) {
      counted(state).handle(service_event::addresses_published{what.addresses, what.written});
    },
    [&state](const tick& what) { counted(state).ticked(what); },
    [&state](const explain&) { return counted(state).explain(); },
  };
}

} // namespace dklb::actors
