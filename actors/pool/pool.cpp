#include "actors/pool/pool.hpp"

#include <algorithm>

namespace dklb::actors {

using namespace messages;

void pool_state::start(const std::string& name, pool_arguments arguments) {
  gate_open = arguments.gate_open;
  nodes_ = std::move(arguments.nodes);
  enlist(self_, std::move(arguments.run), std::move(arguments.peers), "pool", name);
  enter("idle");
}

std::vector<pool_state::claimant>::iterator pool_state::place_of(const domain::service_key& key) {
  return std::ranges::lower_bound(
    claimants_, key, {}, [](const claimant& item) -> const auto& { return item.claim->service; });
}

service_actor pool_state::owner_of(const domain::service_key& key) {
  const auto place = place_of(key);
  return place != claimants_.end() && place->claim->service == key ? place->actor : service_actor{};
}

void pool_state::claim(const claim_pool& what) {
  const auto key = what.claim->service;
  auto place = place_of(key);
  if (place == claimants_.end() || place->claim->service != key)
    place = claimants_.emplace(place);
  *place = {what.claim, caf::actor_cast<service_actor>(self_->current_sender())};
  // Where it came back before its release went out, there is nothing left to release.
  release_ended(key);
  if (book_.put(what.claim)) {
    dirty_ = true;
    return pump();
  }
  // A restarted service actor repeats its claim and has not heard the verdict.
  if (const auto& entry = *book_.find(key); entry.told)
    tell(key, entry.refusal ? std::optional{*entry.refusal} : std::nullopt);
}

caf::typed_response_promise<pool_released> pool_state::release(const release_pool& what) {
  const auto& key = what.service;
  auto promise = self_->make_response_promise<pool_released>();
  promises_[key].push_back(promise);
  if (owner_of(key))
    claimants_.erase(place_of(key));
  book_.release(key, what.creation);
  if (what.leave_objects) {
    book_.released(key);
    release_ended(key);
  }
  dirty_ = true;
  pump();
  return promise;
}

void pool_state::drifted() {
  known_ = knowledge::outdated;
  last_.reset();
  dirty_ = true;
  // What EdgeLB refused before it may take now.
  book_.retry_faulty();
  faulty_backoff_.reset();
  faulty_at_ = {};
  pump();
}

void pool_state::directory_changed(const messages::directory_changed& what) {
  const auto told = peers->poller_of(own_name());
  peers = what.handles;
  // A restarted poller has forgotten what it was told.
  if (peers->poller_of(own_name()) == told)
    return;
  polled_.clear();
  update_poller(false);
}

void pool_state::nodes_changed(const messages::nodes_changed& what) {
  nodes_ = what.addresses;
  dirty_ = true;
  pump();
}

void pool_state::gate_changed(bool open) {
  gate_open = open;
  pump();
}

void pool_state::ticked(const tick& what) {
  if (what.kind == wake && wake_timer_.came(what.epoch))
    pump();
  if (what.kind == retry_faulty && retry_timer_.came(what.epoch) && faulty_at_.count() > 0) {
    if (now(self_) < faulty_at_)
      return arm(retry_faulty, retry_timer_, faulty_at_);
    faulty_at_ = {};
    dirty_ = book_.retry_faulty() || dirty_;
    pump();
  }
}

// -- the poller, the end
// ---------------------------------------------------------------------------

void pool_state::update_poller(bool now) {
  std::vector<claim_ptr> served;
  for (const auto& item : book_.entries())
    if (item.served())
      served.push_back(item.claim);
  const auto same = std::ranges::equal(served, polled_, [](const auto& left, const auto& right) {
    return same_service(*left, *right);
  });
  if (same && (!now || served.empty()))
    return;
  polled_ = std::move(served);
  self_->send(peers->poller_of(own_name()), poll_pool{own_name(), polled_, now});
}

void pool_state::end_if_unused() {
  if (!book_.empty() || dirty_ || busy_)
    return;
  self_->send(peers->inventory, pool_closed{own_name()});
  self_->quit();
}

} // namespace dklb::actors
