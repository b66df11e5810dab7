#include "domain/claim_book.hpp"

#include <algorithm>

namespace dklb::domain {

namespace {

bool same_but_address(const pool_claim& left, pool_claim right) {
  right.had_address = left.had_address;
  return left == right;
}

} // namespace

bool claim_book::put(claim_ptr claim) {
  const auto key = claim->service;
  releases_.erase(key);
  auto& slot = entries_[key];
  if (slot.claim && *slot.claim == *claim)
    return false;
  if (slot.claim && same_but_address(*slot.claim, *claim)) {
    // Nothing to write for; it matters only if the pool vanishes.
    slot.claim = std::move(claim);
    return false;
  }
  slot = entry{std::move(claim), ++version_, false, std::nullopt};
  // A changed claim deserves a fresh look, and may make room for one that was refused.
  clear_of_suspicion(key);
  return true;
}

void claim_book::release(const service_key& service) {
  entries_.erase(service);
  clear_of_suspicion(service);
  releases_.insert(service);
  ++version_;
}

void claim_book::released(const service_key& service) {
  releases_.erase(service);
}

void claim_book::clear_of_suspicion(const service_key& service) {
  guilty_.erase(service);
  for (auto& group : suspects_)
    group.erase(service);
  std::erase_if(suspects_, [](const auto& group) { return group.empty(); });
}

std::set<service_key> claim_book::excluded() const {
  std::set<service_key> out;
  for (const auto& group : suspects_)
    out.insert(group.begin(), group.end());
  for (const auto& [key, words] : guilty_)
    out.insert(key);
  return out;
}

bool claim_book::succeeded(std::uint64_t planned) {
  if (suspects_.empty()) {
    success_ = planned;
    return false;
  }
  // Those who were in this round are cleared; the latest half that was left out comes next. Their
  // versions are moved up so that exactly they can be blamed for the next refusal.
  success_ = version_++;
  for (const auto& key : suspects_.back())
    entries_.at(key).version = version_;
  suspects_.pop_back();
  return true;
}

std::vector<claim_book::claim_ptr> claim_book::changed_until(std::uint64_t planned) const {
  std::vector<claim_ptr> out;
  const auto left_out = excluded();
  for (const auto& [key, item] : entries_)
    if (item.version > success_ && item.version <= planned && !left_out.contains(key))
      out.push_back(item.claim);
  std::sort(out.begin(), out.end(),
            [](const auto& left, const auto& right) { return precedes(*left, *right); });
  return out;
}

std::vector<service_key> claim_book::refused(std::uint64_t planned, const std::string& words) {
  const auto changed = changed_until(planned);
  blamed_ = !changed.empty();
  if (changed.size() == 1) {
    guilty_.emplace(changed.front()->service, words);
    // Most likely it was the only one: all others get their turn together.
    const auto found = excluded();
    suspects_.clear();
    std::set<service_key> rest;
    for (const auto& key : found)
      if (!guilty_.contains(key))
        rest.insert(key);
    if (!rest.empty())
      suspects_.push_back(std::move(rest));
    return {changed.front()->service};
  }
  std::set<service_key> younger;
  for (std::size_t i = (changed.size() + 1) / 2; i < changed.size(); ++i)
    younger.insert(changed[i]->service);
  if (!younger.empty())
    suspects_.push_back(std::move(younger));
  return {};
}

bool claim_book::pardon() {
  if (guilty_.empty())
    return false;
  ++version_;
  for (const auto& [key, words] : guilty_)
    entries_.at(key).version = version_;
  guilty_.clear();
  return true;
}

bool claim_book::settle(const service_key& service, const std::optional<claim_refusal>& refusal) {
  auto found = entries_.find(service);
  if (found == entries_.end() || (found->second.told && found->second.refusal == refusal))
    return false;
  found->second.told = true;
  found->second.refusal = refusal;
  return true;
}

} // namespace dklb::domain
