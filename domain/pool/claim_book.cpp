#include "domain/pool/claim_book.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>

namespace dklb::domain {

namespace {

/// True where both mean the same objects and settings.
bool same_in_pool(const pool_claim& left, pool_claim right) {
  right.had_address = left.had_address;
  right.frontends = left.frontends;
  return left == right;
}

const service_key& service_of(const claim_book::entry& item) {
  return item.claim->service;
}

} // namespace

std::vector<claim_book::entry>::iterator claim_book::place_of(const service_key& service) {
  return std::ranges::lower_bound(entries_, service, {}, service_of);
}

const claim_book::entry* claim_book::find(const service_key& service) const {
  const auto place = std::ranges::lower_bound(entries_, service, {}, service_of);
  return place != entries_.end() && service_of(*place) == service ? &*place : nullptr;
}

bool claim_book::put(claim_ptr claim) {
  const auto key = claim->service;
  releases_.erase(key);
  auto slot = place_of(key);
  if (slot == entries_.end() || service_of(*slot) != key) {
    slot = entries_.emplace(slot);
  } else if (same_in_pool(*slot->claim, *claim)) {
    // Nothing to write for; an address matters only if the pool vanishes, and of the frontends in
    // the annotation only the ports that come of them.
    slot->claim = std::move(claim);
    return false;
  } else {
    room_ = version_ + 1; // it may have given up what another one was refused for
  }
  *slot = entry{std::move(claim), ++version_, false, nullptr, nullptr};
  // A changed claim deserves a fresh look.
  clear_of_suspicion(key);
  return true;
}

void claim_book::release(const service_key& service, std::optional<creation_strategy> creation) {
  if (const auto* known = find(service)) {
    const auto claimed = known->claim->creation.value_or(creation_strategy::if_not_present);
    if (!creation || claimed == creation_strategy::never)
      creation = claimed;
    entries_.erase(place_of(service));
  }
  clear_of_suspicion(service);
  releases_[service] = {++version_, creation};
  room_ = version_;
}

void claim_book::released(const service_key& service) {
  const auto found = releases_.find(service);
  if (found == releases_.end())
    return;
  kept_ = kept_ || found->second.creation == creation_strategy::never;
  releases_.erase(found);
}

void claim_book::clear_of_suspicion(const service_key& service) {
  faulty_.erase(service);
  for (auto& group : suspects_)
    group.erase(service);
  std::erase_if(suspects_, [](const auto& group) { return group.empty(); });
}

pool_plan_input claim_book::plan_input() const {
  pool_plan_input input;
  input.claims.reserve(entries_.size());
  for (const auto& item : entries_)
    input.claims.push_back(item.claim);
  input.excluded = excluded();
  input.keep_when_empty = kept_;
  // What a release that is left out would remove stays, as that of any Service without a claim.
  for (const auto& [service, leaving] : releases_)
    if (!input.excluded.contains(service))
      add_release(input, service, leaving.creation);
  return input;
}

std::set<service_key> claim_book::excluded() const {
  auto out = faulty_;
  for (const auto& group : suspects_)
    out.insert(group.begin(), group.end());
  return out;
}

void claim_book::set_version(const service_key& service, std::uint64_t version) {
  if (releases_.contains(service))
    releases_[service].version = version;
  else
    place_of(service)->version = version;
}

bool claim_book::succeeded(std::uint64_t planned) {
  if (suspects_.empty()) {
    success_ = planned;
    // A change that was carried out may have been the ground of a refusal that is another's.
    const bool room = room_ != 0 && room_ <= planned;
    if (room)
      room_ = 0;
    return room && retry_faulty();
  }
  // Those who were in this round are cleared; the latest half that was left out comes next. Their
  // versions are moved up so that exactly they can be at fault for the next refusal.
  success_ = version_++;
  for (const auto& key : suspects_.back())
    set_version(key, version_);
  suspects_.pop_back();
  return true;
}

/// Claims by precedence, then releases: what is halved away first are those.
std::vector<service_key> claim_book::changed_until(std::uint64_t planned) const {
  const auto left_out = excluded();
  const auto counts = [&](const service_key& service, std::uint64_t version) {
    return version > success_ && version <= planned && !left_out.contains(service);
  };
  std::vector<const pool_claim*> claims;
  for (const auto& item : entries_)
    if (!item.claim->paused && counts(service_of(item), item.version))
      claims.push_back(item.claim.get());
  std::ranges::sort(claims,
                    [](const auto* left, const auto* right) { return precedes(*left, *right); });
  std::vector<service_key> out;
  for (const auto* claim : claims)
    out.push_back(claim->service);
  for (const auto& [service, leaving] : releases_)
    if (counts(service, leaving.version))
      out.push_back(service);
  return out;
}

std::vector<service_key> claim_book::refused(std::uint64_t planned,
                                             const std::set<service_key>& named) {
  auto candidates = changed_until(planned);
  const auto is_named = [&](const service_key& service) { return named.contains(service); };
  if (std::ranges::any_of(candidates, is_named)) {
    std::erase_if(candidates, std::not_fn(is_named));
  } else {
    // EdgeLB names a Service that did not change: not those are at fault that did.
    const auto left_out = excluded();
    std::vector<service_key> others;
    for (const auto& item : entries_)
      if (is_named(service_of(item)) && !item.claim->paused && item.version <= planned
          && !left_out.contains(service_of(item)))
        others.push_back(service_of(item));
    if (!others.empty())
      candidates = std::move(others);
  }
  explained_ = !candidates.empty();
  if (candidates.size() == 1) {
    faulty_.insert(candidates.front());
    room_ = 0; // what is left out makes no room
    // Most likely it was the only one: all others get their turn together.
    std::set<service_key> rest;
    for (const auto& group : suspects_)
      for (const auto& key : group)
        if (!faulty_.contains(key))
          rest.insert(key);
    suspects_.clear();
    if (!rest.empty())
      suspects_.push_back(std::move(rest));
    return candidates;
  }
  const std::set<service_key> later(candidates.begin()
                                      + static_cast<std::ptrdiff_t>((candidates.size() + 1) / 2),
                                    candidates.end());
  if (!later.empty())
    suspects_.push_back(later);
  return {};
}

bool claim_book::retry_faulty() {
  if (faulty_.empty())
    return false;
  ++version_;
  for (const auto& key : faulty_)
    set_version(key, version_);
  faulty_.clear();
  return true;
}

bool claim_book::settle(const service_key& service, const std::optional<claim_refusal>& refusal,
                        const std::shared_ptr<const node_notice>& notice) {
  if (find(service) == nullptr)
    return false;
  auto& item = *place_of(service);
  const auto same = refusal ? item.refusal && *item.refusal == *refusal : !item.refusal;
  const auto same_notice =
    notice == item.notice || (notice && item.notice && *notice == *item.notice);
  if (item.told && same && same_notice)
    return false;
  item.told = true;
  item.notice = notice;
  item.refusal = refusal ? std::make_unique<const claim_refusal>(*refusal) : nullptr;
  return true;
}

} // namespace dklb::domain
