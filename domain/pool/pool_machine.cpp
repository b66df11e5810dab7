#include "domain/pool/pool_machine.hpp"

#include <utility>

// The events that others cause. pool_machine_rounds.cpp has the answers to effects.
namespace dklb::domain {

using namespace pool_effects;

const char* to_string(pool_activity doing) {
  switch (doing) {
  case pool_activity::idle:
    return "idle";
  case pool_activity::waiting:
    return "waiting";
  case pool_activity::recalling:
    return "recalling";
  case pool_activity::reading:
    return "reading";
  case pool_activity::writing:
    return "writing";
  }
  return "";
}

pool_machine::pool_machine(std::shared_ptr<const pool_settings> settings, nodes_ptr nodes,
                           bool gate_open)
  : settings_(std::move(settings)), nodes_(std::move(nodes)), gate_open_(gate_open) {}

pool_machine::effects pool_machine::done() {
  begin_if_due();
  return std::exchange(effects_, {});
}

// -- what others want

pool_machine::effects pool_machine::claim(claim_ptr claim, time now) {
  now_ = now;
  const auto key = claim->service;
  // It came back before its release was carried out, so nothing is left to release.
  if (book_.releasing(key))
    effects_.emplace_back(confirm_release{key});
  if (book_.put(std::move(claim)))
    changed();
  else if (const auto& entry = *book_.find(key); entry.told)
    // A restarted service actor repeats its claim and has not heard the verdict.
    effects_.emplace_back(settle_claim{entry.claim,
                                       entry.refusal ? std::optional{*entry.refusal} : std::nullopt,
                                       0,
                                       {},
                                       entry.notice});
  return done();
}

pool_machine::effects pool_machine::release(const service_key& service,
                                            std::optional<creation_strategy> creation,
                                            bool leave_objects, time now) {
  now_ = now;
  book_.release(service, creation);
  if (leave_objects)
    confirm(service);
  changed();
  return done();
}

pool_machine::effects pool_machine::drifted(time now) {
  now_ = now;
  known_ = knowledge::outdated;
  // What EdgeLB refused before it may take now.
  book_.retry_faulty();
  faulty_backoff_.reset();
  faulty_at_ = {};
  // What is in flight may be older than this.
  again_ = doing_ != pool_activity::idle && doing_ != pool_activity::waiting;
  if (!again_)
    doing_ = pool_activity::waiting;
  return done();
}

pool_machine::effects pool_machine::nodes_changed(nodes_ptr nodes, time now) {
  now_ = now;
  nodes_ = std::move(nodes);
  changed();
  return done();
}

pool_machine::effects pool_machine::gate_changed(bool open, time now) {
  now_ = now;
  gate_open_ = open;
  return done();
}

pool_machine::effects pool_machine::poller_replaced() {
  polled_.clear();
  update_poller(false);
  return std::exchange(effects_, {});
}

pool_machine::effects pool_machine::timer_due(timer purpose, std::uint64_t epoch, time now) {
  now_ = now;
  auto& which = purpose == timer::wake ? wake_ : retry_;
  if (which.came(epoch) && purpose == timer::retry_faulty)
    retry_faulty();
  return done();
}

/// The plan of a round that only reads takes this in; after a write there is another round.
void pool_machine::changed() {
  if (doing_ == pool_activity::idle)
    doing_ = pool_activity::waiting;
  else if (doing_ == pool_activity::writing)
    again_ = true;
}

} // namespace dklb::domain
