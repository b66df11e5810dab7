#include "domain/cluster/leader_lease.hpp"

#include <algorithm>
#include <utility>

namespace dklb::domain {
namespace {

/// Followers ask at the retry period times [1, 2.2), so that they do not move in step.
constexpr double follower_jitter = 1.2;
/// What a holder leaves behind at its orderly end; nobody else writes so short a duration.
constexpr std::chrono::seconds released_duration{1};

} // namespace

std::chrono::milliseconds lease_request_timeout(const lease_settings& settings) {
  return std::max(std::chrono::milliseconds{1000}, settings.renew_deadline / 2);
}

lease_step lease_elector::next(time now, double random) const {
  if (lost_ || (renewed_ && !leads(now)))
    return {lease_action::lost, time{0}};
  if (now < not_before_) {
    auto delay = not_before_ - now;
    // Leadership that runs out is noticed on time, not at the next try.
    if (renewed_)
      delay = std::min(delay, *leads_until() - now);
    else
      delay += time{static_cast<time::rep>(static_cast<double>(settings_.retry_period.count())
                                           * follower_jitter * random)};
    return {lease_action::wait, delay};
  }
  if (stale_)
    return {lease_action::read, time{0}};
  if (absent_)
    return {lease_action::create, time{0}};
  return {renewed_ ? lease_action::renew : lease_action::take_over, time{0}};
}

void lease_elector::read(const std::optional<lease_record>& record, time now) {
  if (!record && !renewed_ && !expired(now)) {
    // Deleted while somebody held it, who writes on until it notices: as good as held until then.
    stale_ = true;
    not_before_ = now + settings_.retry_period;
    return;
  }
  absent_ = !record;
  stale_ = false;
  not_before_ = now;
  if (record && (!seen_ || *seen_ != *record))
    changed_ = now;
  seen_ = record;
  if (renewed_) {
    // A renewal failed, and this tells whether it was for good.
    lost_ = record && record->holder != settings_.identity;
    return;
  }
  if (!record || expired(now))
    return;
  stale_ = true;
  not_before_ = now + settings_.retry_period;
}

void lease_elector::written(const lease_record& record, time sent) {
  absent_ = false;
  stale_ = false;
  seen_ = record;
  changed_ = sent;
  renewed_ = sent;
  not_before_ = sent + settings_.retry_period;
}

void lease_elector::failed(const error& failure, time sent, time now) {
  stale_ = true;
  if (!renewed_)
    not_before_ = now + std::max(settings_.retry_period, failure.retry_after.value_or(time{0}));
  else if (failure.code == error_code::conflict)
    not_before_ = now; // what it means stands in the record
  else
    not_before_ = std::max(now, sent + settings_.retry_period); // a leader has no time to lose
}

lease_record lease_elector::desired(lease_record::wall_time now) const {
  lease_record record;
  record.holder = settings_.identity;
  record.duration = std::chrono::duration_cast<std::chrono::seconds>(settings_.duration);
  record.acquired = now;
  record.renewed = now;
  if (!seen_)
    return record;
  record.version = seen_->version;
  record.transitions = seen_->transitions;
  if (seen_->holder == settings_.identity)
    record.acquired = seen_->acquired;
  else
    ++record.transitions;
  return record;
}

lease_record lease_elector::released(lease_record::wall_time now) const {
  auto record = desired(now);
  record.holder.clear();
  record.duration = released_duration;
  record.acquired = now;
  return record;
}

bool lease_elector::leads(time now) const {
  return renewed_ && !lost_ && now < *leads_until();
}

std::optional<lease_elector::time> lease_elector::leads_until() const {
  if (!renewed_)
    return std::nullopt;
  return *renewed_ + settings_.renew_deadline;
}

bool lease_elector::expired(time now) const {
  if (!seen_ || seen_->holder == settings_.identity)
    return true;
  // An emptied record without the duration of a release was not written by whoever held it.
  const auto released = seen_->holder.empty() && seen_->duration <= released_duration;
  return released || now - changed_ >= seen_->duration;
}

} // namespace dklb::domain
