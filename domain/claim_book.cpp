#include "domain/claim_book.hpp"

#include <algorithm>

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
  released(key);
  auto slot = place_of(key);
  if (slot == entries_.end() || service_of(*slot) != key) {
    slot = entries_.emplace(slot);
  } else if (same_in_pool(*slot->claim, *claim)) {
    // Nothing to write for; an address matters only if the pool vanishes, and of the frontends in
    // the annotation only the ports that come of them.
    slot->claim = std::move(claim);
    return false;
  }
  *slot = entry{std::move(claim), ++version_, false, nullptr};
  // A changed claim deserves a fresh look, and may make room for one that was refused.
  clear_of_suspicion(key);
  return true;
}

void claim_book::release(const service_key& service) {
  if (find(service) != nullptr)
    entries_.erase(place_of(service));
  clear_of_suspicion(service);
  releases_.edit().insert(service);
  ++version_;
}

void claim_book::released(const service_key& service) {
  if (releases_->contains(service))
    releases_.edit().erase(service);
  if (releases_->empty())
    releases_.reset();
}

void claim_book::clear_of_suspicion(const service_key& service) {
  if (search_->guilty.empty() && search_->suspects.empty())
    return;
  search_.edit().guilty.erase(service);
  for (auto& group : search_.edit().suspects)
    group.erase(service);
  std::erase_if(search_.edit().suspects, [](const auto& group) { return group.empty(); });
  end_search_if_done();
}

void claim_book::end_search_if_done() {
  if (search_->guilty.empty() && search_->suspects.empty())
    search_.reset();
}

std::set<service_key> claim_book::excluded() const {
  std::set<service_key> out;
  for (const auto& group : search_->suspects)
    out.insert(group.begin(), group.end());
  for (const auto& [key, words] : search_->guilty)
    out.insert(key);
  return out;
}

bool claim_book::succeeded(std::uint64_t planned) {
  if (search_->suspects.empty()) {
    success_ = planned;
    return false;
  }
  // Those who were in this round are cleared; the latest half that was left out comes next. Their
  // versions are moved up so that exactly they can be blamed for the next refusal.
  success_ = version_++;
  for (const auto& key : search_->suspects.back())
    at(key).version = version_;
  search_.edit().suspects.pop_back();
  end_search_if_done();
  return true;
}

std::vector<claim_book::claim_ptr> claim_book::changed_until(std::uint64_t planned) const {
  std::vector<claim_ptr> out;
  const auto left_out = excluded();
  for (const auto& item : entries_)
    if (item.version > success_ && item.version <= planned && !left_out.contains(service_of(item)))
      out.push_back(item.claim);
  std::sort(out.begin(), out.end(),
            [](const auto& left, const auto& right) { return precedes(*left, *right); });
  return out;
}

std::vector<service_key> claim_book::refused(std::uint64_t planned, const std::string& words) {
  const auto changed = changed_until(planned);
  blamed_ = !changed.empty();
  if (changed.size() == 1) {
    auto& [suspects, guilty] = search_.edit();
    guilty.emplace(changed.front()->service, words);
    // Most likely it was the only one: all others get their turn together.
    const auto found = excluded();
    suspects.clear();
    std::set<service_key> rest;
    for (const auto& key : found)
      if (!guilty.contains(key))
        rest.insert(key);
    if (!rest.empty())
      suspects.push_back(std::move(rest));
    return {changed.front()->service};
  }
  std::set<service_key> younger;
  for (std::size_t i = (changed.size() + 1) / 2; i < changed.size(); ++i)
    younger.insert(changed[i]->service);
  if (!younger.empty())
    search_.edit().suspects.push_back(std::move(younger));
  return {};
}

bool claim_book::pardon() {
  if (search_->guilty.empty())
    return false;
  ++version_;
  for (const auto& [key, words] : search_->guilty)
    at(key).version = version_;
  search_.edit().guilty.clear();
  end_search_if_done();
  return true;
}

bool claim_book::settle(const service_key& service, const std::optional<claim_refusal>& refusal) {
  if (find(service) == nullptr)
    return false;
  auto& item = at(service);
  const auto same = refusal ? item.refusal && *item.refusal == *refusal : !item.refusal;
  if (item.told && same)
    return false;
  item.told = true;
  item.refusal = refusal ? std::make_unique<const claim_refusal>(*refusal) : nullptr;
  return true;
}

} // namespace dklb::domain
