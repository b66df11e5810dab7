#include "actors/pool_poller.hpp"

#include "domain/pool_status.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace dklb::actors {

using namespace messages;
using domain::error_code;

void pool_poller_state::start(const pool_actor& pool, std::string name, runtime_ptr shared,
                              directory_ptr handles, bool open) {
  gate_open = open;
  enlist(self_, std::move(shared), std::move(handles), "pool_poller", std::move(name));
  schedule_ = {run->concurrency.poll_min, run->concurrency.poll_max};
  enter("idle");
  self_->send(pool, poller_started{});
}

void pool_poller_state::watch(const poll_services& what) {
  std::vector<target> next;
  next.reserve(what.claims.size());
  for (const auto& claim : what.claims) {
    const auto known = std::find_if(targets_.begin(), targets_.end(), [&](const target& item) {
      return same_service(*item.claim, *claim);
    });
    next.push_back({claim, known == targets_.end() ? nullptr : std::move(known->addresses)});
  }
  targets_ = std::move(next);
  if (targets_.empty()) {
    ++epoch_;
    return enter("idle");
  }
  schedule_.restart();
  if (what.now || !settled())
    poll();
  else
    poll_in(run->concurrency.poll_min);
}

void pool_poller_state::directory_changed(const messages::directory_changed& what) {
  peers = what.handles;
  // A restarted writer has forgotten what it was told.
  for (const auto& item : targets_)
    if (item.addresses)
      report(item);
}

void pool_poller_state::gate_changed(bool open) {
  gate_open = open;
  if (open && !targets_.empty())
    poll();
}

void pool_poller_state::ticked(const tick& what) {
  if (what.epoch == epoch_)
    poll();
}

void pool_poller_state::poll_in(milliseconds delay) {
  enter("waiting");
  self_->delayed_send(self_, delay, tick{0, ++epoch_});
}

bool pool_poller_state::settled() const {
  return std::none_of(targets_.begin(), targets_.end(),
                      [](const target& item) { return !item.addresses; });
}

void pool_poller_state::poll() {
  if (!gate_open)
    return;
  if (busy_) {
    again_ = true;
    return;
  }
  busy_ = true;
  again_ = false;
  ++epoch_;
  enter("polling");
  self_->request(peers->edgelb, caf::infinite, read_metadata{own_name()})
    .then([this](const metadata_answer& answer) { answered(answer.outcome); },
          [this](const caf::error& problem) { answered(to_domain(problem)); });
}

void pool_poller_state::answered(const domain::result<json_ptr>& outcome) {
  busy_ = false;
  if (targets_.empty())
    return enter("idle");
  if (outcome) {
    failed({});
    const domain::metadata_index index{run->pools.cluster, **outcome};
    for (auto& item : targets_) {
      auto addresses = index.addresses_of(item.claim->service);
      // None at all is "not known yet": the last ones stay.
      if (addresses.empty() || (item.addresses && *item.addresses == addresses))
        continue;
      item.addresses = std::make_shared<const std::vector<domain::ingress>>(std::move(addresses));
      report(item);
    }
  } else {
    failed(outcome.failure().message);
  }
  if (again_)
    return poll();
  // Not there yet (404, 504) is the usual case after a write; other failures are not hurried.
  const auto failure = outcome ? error_code::not_found : outcome.failure().code;
  const auto pressing =
    !settled()
    && (failure == error_code::not_found || (!outcome && outcome.failure().http_status == 504));
  const auto delay = schedule_.next(!pressing, static_cast<double>(run->random() % 1000) / 1000.0);
  poll_in(domain::poll_schedule::in_step(now(self_), delay));
}

void pool_poller_state::report(const target& item) {
  const auto& claim = *item.claim;
  self_->send(peers->writer_of(claim.service),
              addresses_observed{claim.service, claim.uid, own_name(), item.addresses});
}

pool_poller_actor::behavior_type pool_poller(pool_poller_state::self_pointer self,
                                             const pool_actor& pool, std::string name,
                                             runtime_ptr run, directory_ptr peers, bool gate_open) {
  auto& state = self->state;
  state.start(pool, std::move(name), std::move(run), std::move(peers), gate_open);
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const poll_services& what) {
      state.count();
      state.watch(what);
    },
    [&state](const directory_changed& what) {
      state.count();
      state.directory_changed(what);
    },
    [&state](const gate_changed& what) {
      state.count();
      state.gate_changed(what.open);
    },
    [&state](const tick& what) {
      state.count();
      state.ticked(what);
    },
  };
}

} // namespace dklb::actors
