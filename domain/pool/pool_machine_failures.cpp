#include "domain/base/names.hpp"
#include "domain/pool/pool_machine.hpp"
#include "domain/pool/pool_refusals.hpp"

#include <algorithm>
#include <utility>

// What a failure of a round means.
namespace dklb::domain {

using namespace pool_effects;

namespace {

/// The longest pause before a claim that EdgeLB refuses is tried again: what it lacks may have come
/// free without anybody telling.
constexpr pool_machine::time longest_refusal{30000};

backoff_settings delays(const pool_timing& timing) {
  return {timing.retry_base, timing.retry_max, 2.0, 0.2};
}

} // namespace

void pool_machine::failed(const error& failure, bool was_write) {
  doing_ = pool_activity::waiting;
  again_ = false; // the next round takes it in
  known_ = knowledge::outdated;
  effects_.emplace_back(note_failure{failure.message});
  const auto definite = failure.code == error_code::rejected || failure.code == error_code::invalid;
  if (was_write && definite)
    find_fault(failure);
  else if (was_write && failure.code == error_code::not_found)
    not_before_ = now_ + timing_.write_gap;
  else
    delay(failure);
  round_ = {};
}

/// Looks for the claim or the release that EdgeLB refuses; all others go on without it.
void pool_machine::find_fault(const error& failure) {
  const auto named = owners_named_in(settings_->cluster, failure.message);
  const auto faulty = book_.refused(round_.version, named);
  if (!book_.explained())
    return delay(failure);
  not_before_ = now_ + timing_.write_gap;
  if (faulty.empty())
    return;
  try_faulty_later();
  for (const auto& key : faulty) {
    effects_.emplace_back(warn{key, failure.message});
    // A release that is refused is tried again; nobody is told.
    if (const auto* const entry = book_.find(key))
      effects_.emplace_back(find_port_users{entry->claim, failure.message});
  }
}

/// After a while, or as soon as another pool gives a port up.
void pool_machine::try_faulty_later() {
  effects_.emplace_back(await_room{});
  if (faulty_at_ > now_)
    return;
  if (!faulty_backoff_)
    faulty_backoff_.emplace();
  auto pauses = delays(timing_);
  pauses.max = std::min(pauses.max, longest_refusal);
  faulty_at_ = now_ + faulty_backoff_->next(pauses);
  arm(timer::retry_faulty, retry_, faulty_at_);
}

void pool_machine::retry_faulty() {
  if (faulty_at_.count() == 0)
    return;
  if (now_ < faulty_at_)
    return arm(timer::retry_faulty, retry_, faulty_at_);
  faulty_at_ = {};
  if (book_.retry_faulty())
    changed();
}

/// The owner is told in EdgeLB's words, and who has the port where that is what they are about.
pool_machine::effects pool_machine::users_found(const claim_ptr& claim, const std::string& words,
                                                const std::vector<port_user>& users, time now) {
  now_ = now;
  const auto* const entry = book_.find(claim->service);
  if (entry == nullptr || entry->claim != claim)
    return {};
  auto refusal = refused_by_edgelb(settings_->cluster, *claim, words, users);
  // Also where it is the same: the number of tries and the time of the next one are not.
  book_.settle(claim->service, refusal, nullptr);
  effects_.emplace_back(settle_claim{claim, std::move(refusal),
                                     faulty_backoff_ ? faulty_backoff_->attempts() : 0,
                                     std::max(faulty_at_ - now_, time{}), nullptr});
  return done();
}

void pool_machine::delay(const error& failure) {
  // Somebody else created or changed it first: what they wrote is read at once.
  const auto soon = failure.code == error_code::conflict && !backoff_;
  if (!backoff_)
    backoff_.emplace();
  auto wait = backoff_->next(delays(timing_), failure.retry_after, random_);
  if (soon)
    wait = timing_.write_gap;
  not_before_ = now_ + wait;
  if (soon || failure.code == error_code::not_leader)
    return;
  if (access_refused(failure.code))
    effects_.emplace_back(report_denied{failure.message});
  else
    effects_.emplace_back(log_retry{failure, backoff_->attempts(), wait});
  for (const auto& item : book_.entries())
    if (!item.served() && !item.claim->paused)
      effects_.emplace_back(
        delay_claim{item.claim->service, failure.message, backoff_->attempts(), wait});
}

} // namespace dklb::domain
