#include "actors/pool/pool_poller.hpp"

#include "domain/pool/pool_status.hpp"

#include <algorithm>
#include <utility>

namespace dklb::actors {

using namespace messages;
using domain::error_code;

namespace {

template <class Targets>
bool settled(const Targets& targets) {
  return std::ranges::all_of(targets, [](const auto& item) { return item.settled(); });
}

} // namespace

void pool_poller_state::start(poller_shard shard, runtime_ptr shared, directory_ptr handles,
                              bool open) {
  gate_open = open;
  enlist(self_, std::move(shared), std::move(handles), "pool_poller", std::to_string(shard.number));
  enter("idle");
}

void pool_poller_state::watch(const poll_pool& what) {
  const auto found = pools_.try_emplace(what.pool).first;
  auto& item = found->second;
  // Both are sorted by Service.
  std::vector<target> next;
  next.reserve(what.claims.size());
  auto known = item.targets.begin();
  for (const auto& claim : what.claims) {
    while (known != item.targets.end() && known->claim->service < claim->service)
      ++known;
    // What it publishes now is found anew; until then its status stays.
    const bool same = known != item.targets.end() && same_service(*known->claim, *claim)
                      && same_publication(*known->claim, *claim);
    if (same)
      next.push_back({claim, known->addresses, known->left_out, known->withheld});
    else
      next.push_back({claim, nullptr, nullptr, nullptr});
  }
  item.targets = std::move(next);
  if (item.targets.empty()) {
    forget(found);
  } else {
    item.schedule.restart();
    if (what.now || !settled(item.targets))
      poll(*found);
    else
      poll_in(*found, run->concurrency().poll_min);
  }
  go_on();
}

addresses_found pool_poller_state::addresses_of(const std::string& pool) const {
  addresses_found out;
  if (const auto found = pools_.find(pool); found != pools_.end())
    for (const auto& item : found->second.targets)
      if (item.addresses)
        out.addresses.insert(out.addresses.end(), item.addresses->begin(), item.addresses->end());
  std::ranges::sort(out.addresses);
  out.addresses.erase(std::unique(out.addresses.begin(), out.addresses.end()), out.addresses.end());
  return out;
}

void pool_poller_state::directory_changed(const messages::directory_changed& what) {
  const auto before = std::exchange(peers, what.handles);
  // A restarted writer has forgotten what it was told.
  for (const auto& [pool, item] : pools_)
    for (const auto& known : item.targets)
      if (const auto& service = known.claim->service;
          known.settled() && peers->writer_of(service) != before->writer_of(service))
        report(known, pool);
}

void pool_poller_state::gate_changed(bool open) {
  gate_open = open;
  if (open)
    for (auto& item : pools_)
      if (!item.second.targets.empty())
        poll_in(item, {});
  go_on();
}

void pool_poller_state::ticked(const tick& what) {
  if (timer_.came(what.epoch))
    go_on();
}

domain::poll_pauses pool_poller_state::pauses() const {
  const auto limits = run->concurrency();
  return {limits.poll_min, limits.poll_max};
}

void pool_poller_state::enter_state() {
  if (in_flight_ > 0)
    enter("polling");
  else
    enter(pools_.empty() ? "idle" : "waiting");
}

/// Polls what is due, and sees to it that the rest will be.
void pool_poller_state::go_on() {
  enter_state();
  if (!gate_open)
    return;
  const auto moment = now(self_);
  while (const auto due = calendar_.take(pauses(), moment, background_)) {
    auto& item = *pools_.find(*due->pool);
    item.second.next = {};
    poll(item, !due->awaited);
  }
  const auto next = calendar_.next(pauses(), background_);
  if (!next)
    return;
  if (const auto epoch = timer_.arm(*next))
    self_->delayed_send(self_, std::max(*next - moment, milliseconds{0}), tick{0, *epoch});
}

void pool_poller_state::poll_in(pool_entry& item, milliseconds delay) {
  cancel(item.second);
  item.second.next = {now(self_) + delay, &item.first, !settled(item.second.targets),
                      domain::poll_calendar::early(delay)};
  calendar_.add(item.second.next);
}

void pool_poller_state::cancel(polled_pool& item) {
  if (item.next.pool != nullptr)
    calendar_.remove(std::exchange(item.next, {}));
}

void pool_poller_state::forget(pool_map::iterator item) {
  cancel(item->second);
  noted(item->first, {});
  if (!item->second.busy)
    pools_.erase(item);
}

void pool_poller_state::poll(pool_entry& item, bool background) {
  if (!gate_open)
    return;
  const auto& pool = item.first;
  auto& state = item.second;
  if (state.busy) {
    state.again = true;
    return;
  }
  cancel(state);
  state.busy = true;
  state.again = false;
  state.background = background;
  ++in_flight_;
  background_ += background ? 1U : 0U;
  ask<metadata_answer>(
    self_, peers->edgelb, gateway_deadline(run->concurrency().edgelb_timeout),
    read_metadata{pool, !settled(state.targets)},
    [this, pool](const metadata_answer& answer) { answered(pool, answer.outcome); },
    [this, pool](const caf::error& problem) { answered(pool, to_domain(problem)); });
}

void pool_poller_state::answered(const std::string& pool,
                                 const domain::result<metadata_ptr>& outcome) {
  const auto found = pools_.find(pool);
  auto& item = found->second;
  item.busy = false;
  --in_flight_;
  background_ -= std::exchange(item.background, false) ? 1U : 0U;
  if (item.targets.empty()) {
    forget(found);
    return go_on();
  }
  noted(pool, outcome ? std::string{} : outcome.failure().message);
  if (outcome)
    learn(item, **outcome, pool);
  if (item.again) {
    poll(*found);
    return go_on();
  }
  // Not there yet (404, 504) is the usual case after a write; other failures are not hurried.
  const auto failure = outcome ? error_code::not_found : outcome.failure().code;
  const auto pressing =
    !settled(item.targets)
    && (failure == error_code::not_found || (!outcome && outcome.failure().http_status == 504));
  poll_in(*found, item.schedule.next(pauses(), !pressing,
                                     static_cast<double>(run->random() % 1000) / 1000.0));
  go_on();
}

void pool_poller_state::learn(polled_pool& item, const domain::pool_metadata& metadata,
                              const std::string& pool) {
  const domain::metadata_index index{run->pools.cluster, metadata,
                                     run->pools.publish_local_addresses};
  for (auto& known : item.targets) {
    auto [addresses, left_out, withheld] = index.addresses_of(
      known.claim->service, domain::publication_of(*known.claim, run->services.publish));
    // None at all is "not known yet": the last ones stay.
    const auto news = !addresses.empty() && (!known.addresses || *known.addresses != addresses);
    const auto told = known.left_out ? *known.left_out : std::string{};
    const auto same_withheld = known.withheld ? *known.withheld == withheld : withheld.empty();
    if (!news && left_out == told && same_withheld)
      continue;
    if (news) {
      known.addresses = std::make_shared<const std::vector<domain::ingress>>(std::move(addresses));
      run->actors->changed("pool", pool);
    }
    known.left_out =
      left_out.empty() ? nullptr : std::make_shared<const std::string>(std::move(left_out));
    known.withheld = withheld.empty()
                       ? nullptr
                       : std::make_shared<const std::vector<domain::ingress>>(std::move(withheld));
    report(known, pool);
  }
}

/// For introspection: the last failure, as long as any pool fails.
void pool_poller_state::noted(const std::string& pool, std::string failure) {
  if (!failure.empty()) {
    failing_.insert(pool);
    failed("pool " + pool + ": " + std::move(failure));
  } else if (failing_.erase(pool) > 0 && failing_.empty()) {
    failed({});
  }
}

void pool_poller_state::report(const target& item, const std::string& pool) {
  const auto& claim = *item.claim;
  self_->send(peers->writer_of(claim.service),
              addresses_observed{claim.service, claim.uid, pool, item.addresses, item.left_out,
                                 item.withheld});
}

pool_poller_actor::behavior_type pool_poller(pool_poller_state::self_pointer self,
                                             poller_shard shard, runtime_ptr run,
                                             directory_ptr peers, bool gate_open) {
  auto& state = self->state;
  state.start(shard, std::move(run), std::move(peers), gate_open);
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const poll_pool& what) { counted(state).watch(what); },
    [&state](const find_addresses& what) { return counted(state).addresses_of(what.pool); },
    [&state](const directory_changed& what) { counted(state).directory_changed(what); },
    [&state](const gate_changed& what) { counted(state).gate_changed(what.open); },
    [&state](const tick& what) { counted(state).ticked(what); },
  };
}

} // namespace dklb::actors
