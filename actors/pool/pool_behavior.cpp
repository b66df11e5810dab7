#include "actors/pool/pool.hpp"
#include "domain/config/config.hpp"

#include <nlohmann/json.hpp>

namespace dklb::actors {

using namespace messages;

namespace {

/// Introspection has a second for its whole answer; EdgeLB may take less of it.
constexpr milliseconds document_patience{600};

} // namespace

nlohmann::json pool_state::summary() const {
  auto claims = nlohmann::json::array();
  auto refusals = nlohmann::json::object();
  for (const auto& item : machine_->book().entries()) {
    const auto service = to_string(item.claim->service);
    auto ports = nlohmann::json::array();
    for (const auto& port : item.claim->ports)
      ports.push_back({{"servicePort", port.service_port},
                       {"nodePort", port.node_port},
                       {"port", port.bind_port}});
    claims.push_back(
      {{"service", service},
       {"since", item.claim->creation_timestamp},
       {"ports", std::move(ports)},
       {"served", item.served()},
       {"paused", item.claim->paused},
       {"notice", item.notice ? nlohmann::json(item.notice->message) : nlohmann::json(nullptr)}});
    if (item.refusal)
      refusals[service] = item.refusal->message;
  }
  nlohmann::json out{{"name", own_name()},          {"state", state_name()},
                     {"claims", std::move(claims)}, {"refusals", std::move(refusals)},
                     {"writes", writes_},           {"lastWrite", nullptr},
                     {"lastError", last_error()},   {"addresses", nullptr}};
  if (last_write_)
    out["lastWrite"] = {{"at", to_rfc3339(last_write_->at)}, {"cause", last_write_->cause}};
  return out;
}

/// What is asked of others for an explanation, and the explanation once all have answered.
struct pool_state::inquiry {
  caf::typed_response_promise<explanation> promise;
  nlohmann::json body;
  int missing = 0;

  void answered() {
    if (--missing == 0)
      promise.deliver(explanation{std::make_shared<const nlohmann::json>(std::move(body))});
  }
};

caf::typed_response_promise<explanation> pool_state::explain(bool documents) {
  auto asked = std::make_shared<inquiry>();
  asked->promise = self_->make_response_promise<explanation>();
  asked->body = summary();
  ++asked->missing;
  self_->request(peers->poller_of(own_name()), document_patience, find_addresses{own_name()})
    .then(
      [asked](const addresses_found& what) {
        asked->body["addresses"] = address_list(what.addresses);
        asked->answered();
      },
      [asked](const caf::error&) { asked->answered(); });
  if (documents)
    explain_documents(asked);
  return asked->promise;
}

void pool_state::explain_documents(const std::shared_ptr<inquiry>& asked) {
  ++asked->missing;
  auto finish = [this, asked](const domain::result<snapshot_ptr>& seen) {
    auto& body = asked->body;
    if (seen) {
      auto actual = domain::document_of(*seen.value());
      auto plan = machine_->plan_for(actual);
      body["desired"] =
        plan.action == domain::pool_action::none ? actual : std::move(plan.document);
      body["actual"] = actual;
      body["action"] = to_string(plan.action);
      body["relaunches"] = plan.relaunches;
      body["changes"] = std::move(plan.changes);
    } else {
      body["actual"] = nullptr;
      body["actualError"] = seen.failure().message;
      if (seen.failure().code == domain::error_code::not_found) {
        auto plan = machine_->plan_for(std::nullopt);
        body["action"] = to_string(plan.action);
        body["relaunches"] = plan.relaunches;
        body["changes"] = std::move(plan.changes);
        body["desired"] = std::move(plan.document);
      }
    }
    asked->answered();
  };
  self_->request(peers->edgelb, document_patience, read_pool{own_name()})
    .then(
      [finish](pool_answer& answer) { finish(answer.outcome); },
      [finish](const caf::error&) {
        finish(domain::error{domain::error_code::timeout, "EdgeLB did not answer in time", {}, 0});
      });
}

pool_actor::behavior_type pool(pool_state::self_pointer self, const std::string& name,
                               pool_arguments arguments) {
  auto& state = self->state;
  state.start(name, std::move(arguments));
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const claim_pool& what) { counted(state).claim(what); },
    [&state](const release_pool& what) { return counted(state).release(what); },
    [&state](const pool_drifted&) { counted(state).drifted(); },
    [&state](const nodes_changed& what) { counted(state).nodes_changed(what); },
    [&state](const directory_changed& what) { counted(state).directory_changed(what); },
    [&state](const gate_changed& what) { counted(state).gate_changed(what.open); },
    [&state](const tick& what) { counted(state).ticked(what); },
    [&state](const explain& what) { return counted(state).explain(what.documents); },
  };
}

} // namespace dklb::actors
