#include "domain/claim_book.hpp"

#include <algorithm>

namespace dklb::domain {

bool claim_book::put(claim_ptr claim) {
  const auto key = claim->service;
  releases_.erase(key);
  auto& slot = entries_[key];
  if (slot.claim && *slot.claim == *claim)
    return false;
  slot = entry{std::move(claim), ++version_, false, std::nullopt};
  // A changed claim deserves a fresh look, and may make room for one that was refused.
  suspects_.erase(key);
  guilty_.erase(key);
  return true;
}

void claim_book::release(const service_key& service) {
  entries_.erase(service);
  suspects_.erase(service);
  guilty_.erase(service);
  releases_.insert(service);
  ++version_;
}

void claim_book::released(const service_key& service) {
  releases_.erase(service);
}

std::set<service_key> claim_book::excluded() const {
  auto out = suspects_;
  for (const auto& [key, words] : guilty_)
    out.insert(key);
  return out;
}

bool claim_book::succeeded(std::uint64_t planned) {
  if (suspects_.empty()) {
    success_ = planned;
    return false;
  }
  // Those who were in this round are cleared, the rest comes next. Their versions are moved up so
  // that exactly they can be blamed for the next refusal.
  success_ = version_++;
  for (const auto& key : suspects_)
    entries_.at(key).version = version_;
  suspects_.clear();
  return true;
}

std::vector<claim_book::claim_ptr> claim_book::changed_until(std::uint64_t planned) const {
  std::vector<claim_ptr> out;
  for (const auto& [key, item] : entries_)
    if (item.version > success_ && item.version <= planned && !suspects_.contains(key)
        && !guilty_.contains(key))
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
    return {changed.front()->service};
  }
  for (std::size_t i = (changed.size() + 1) / 2; i < changed.size(); ++i)
    suspects_.insert(changed[i]->service);
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
