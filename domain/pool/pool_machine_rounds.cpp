#include "domain/pool/pool_machine.hpp"

#include "domain/pool/publication.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

// A round that works: read, plan, write.
namespace dklb::domain {

using namespace pool_effects;

namespace {

/// EdgeLB's API has no version check, so an old document would overwrite what others have added
/// since. That the pool does not exist, or has nothing of a Service that leaves, may be old news.
bool needs_read(const pool_plan& plan, const std::set<service_key>& releases) {
  switch (plan.action) {
  case pool_action::replace:
  case pool_action::remove:
    return true;
  case pool_action::create:
    return false;
  case pool_action::none:
    break;
  }
  return !releases.empty() || std::ranges::any_of(plan.refusals, [](const auto& item) {
    return item.second.reason == refusal_reason::creation_forbidden;
  });
}

} // namespace

void pool_machine::begin_if_due() {
  if (doing_ != pool_activity::waiting || !gate_open_)
    return;
  if (now_ < not_before_)
    return arm(timer::wake, wake_, not_before_);
  read_ = false;
  switch (known_) {
  case knowledge::unknown:
    doing_ = pool_activity::recalling;
    effects_.emplace_back(recall{});
    break;
  case knowledge::absent:
    plan(nullptr);
    break;
  case knowledge::outdated:
    read();
    break;
  }
}

pool_machine::effects pool_machine::recalled(snapshot_ptr pool, bool absent, time now) {
  now_ = now;
  if (absent) {
    known_ = knowledge::absent;
    plan(nullptr);
  } else if (pool) {
    learn(pool);
    plan(pool);
  } else {
    read();
  }
  return done();
}

void pool_machine::read() {
  doing_ = pool_activity::reading;
  read_ = true;
  effects_.emplace_back(pool_effects::read{});
}

pool_machine::effects pool_machine::read_answered(result<snapshot_ptr> outcome,
                                                  const pool_timing& timing, time now,
                                                  double random) {
  now_ = now;
  timing_ = timing;
  random_ = random;
  if (!outcome && outcome.failure().code != error_code::not_found) {
    failed(outcome.failure(), false);
  } else {
    const auto pool = outcome ? std::move(*outcome) : nullptr;
    learn(pool);
    plan(pool);
  }
  return done();
}

void pool_machine::learn(const snapshot_ptr& pool) {
  known_ = pool ? knowledge::outdated : knowledge::absent;
  effects_.emplace_back(report_seen{pool});
}

pool_plan pool_machine::make_plan(pool_plan_input input,
                                  std::optional<pool_document> actual) const {
  input.actual = std::move(actual);
  input.held_ours = held_ours_;
  if (!nodes_)
    return plan_pool(*settings_, input);
  auto settings = *settings_;
  settings.nodes = nodes_;
  return plan_pool(settings, input);
}

pool_plan pool_machine::plan_for(std::optional<pool_document> actual) const {
  return make_plan(book_.plan_input(), std::move(actual));
}

void pool_machine::plan(const snapshot_ptr& pool) {
  if (!gate_open_) {
    // Until it opens anybody may write the pool.
    known_ = knowledge::outdated;
    again_ = false;
    doing_ = pool_activity::waiting;
    return;
  }
  std::optional<pool_document> actual;
  if (pool) {
    actual = document_of(*pool);
    held_ours_ = held_ours_ || !owners_in(settings_->cluster, *actual).empty();
  }
  auto input = book_.plan_input();
  auto releases = input.releases;
  auto plan = make_plan(std::move(input), std::move(actual));
  if (!read_ && needs_read(plan, releases))
    return read();
  carry_out(std::move(plan), std::move(releases));
}

/// The one place that takes a plan apart: a new field does not compile until it is obeyed here.
void pool_machine::carry_out(pool_plan plan, std::set<service_key> releases) {
  auto& [action, document, changes, refusals, relaunches, plan_again, notices] = plan;
  auto cause = changes.empty() ? std::string{} : std::move(changes.front());
  if (changes.size() > 1)
    cause += " and " + std::to_string(changes.size() - 1) + " more";
  if (relaunches)
    cause += " (relaunches the pool's instances)";
  round_ = {
    action, book_.version(), std::move(cause), std::move(refusals), std::move(releases), plan_again,
    {}};
  for (auto& [families, notice] : notices)
    round_.notices.emplace(families, std::make_shared<const node_notice>(std::move(notice)));
  if (action == pool_action::none)
    return succeeded();
  doing_ = pool_activity::writing;
  effects_.emplace_back(write{action, std::make_shared<const pool_document>(std::move(document))});
}

pool_machine::effects pool_machine::write_answered(result<snapshot_ptr> outcome,
                                                   const pool_timing& timing, time now,
                                                   double random) {
  now_ = now;
  timing_ = timing;
  random_ = random;
  if (!outcome) {
    failed(outcome.failure(), true);
    return done();
  }
  not_before_ = now_ + timing_.write_gap;
  held_ours_ = round_.action != pool_action::remove;
  if (round_.action != pool_action::replace)
    book_.made_anew();
  effects_.emplace_back(note_write{round_.action, std::move(round_.cause), *outcome != nullptr});
  learn(*outcome);
  succeeded();
  return done();
}

void pool_machine::succeeded() {
  const auto ended = std::exchange(round_, {});
  backoff_.reset();
  effects_.emplace_back(note_success{});
  const bool more = book_.succeeded(ended.version) || ended.plan_again;
  if (again_)
    known_ = knowledge::outdated;
  doing_ = std::exchange(again_, false) || more ? pool_activity::waiting : pool_activity::idle;
  settle_claims(ended);
  for (const auto& service : ended.releases)
    if (book_.releasing(service))
      confirm(service);
  if (book_.empty() && doing_ == pool_activity::idle)
    effects_.emplace_back(quit{});
}

/// Notes the verdicts of a plan that was carried out, for the owners that have not heard them.
void pool_machine::settle_claims(const planned_round& what) {
  const auto excluded = book_.excluded();
  std::vector<settle_claim> news;
  for (const auto& item : book_.entries()) {
    const auto& key = item.claim->service;
    if (item.version > what.version || item.claim->paused || excluded.contains(key))
      continue;
    const auto refusal = what.refusals.find(key);
    if (refusal == what.refusals.end()) {
      const auto notice = what.notices.find(item.claim->families);
      news.push_back(
        {item.claim, std::nullopt, 0, {}, notice == what.notices.end() ? nullptr : notice->second});
    } else if (!what.plan_again) { // else the next plan tells
      news.push_back({item.claim, refusal->second});
    }
  }
  std::erase_if(news, [this](const auto& item) {
    return !book_.settle(item.claim->service, item.refusal, item.notice);
  });
  // Before a thousand Services are told: the addresses are what they wait for.
  update_poller(what.action != pool_action::none);
  effects_.insert(effects_.end(), std::make_move_iterator(news.begin()),
                  std::make_move_iterator(news.end()));
}

void pool_machine::confirm(const service_key& service) {
  book_.released(service);
  effects_.emplace_back(confirm_release{service});
}

void pool_machine::update_poller(bool now) {
  std::vector<claim_ptr> served;
  for (const auto& item : book_.entries())
    if (item.served())
      served.push_back(item.claim);
  const auto same = std::ranges::equal(served, polled_, [](const auto& left, const auto& right) {
    return same_service(*left, *right) && same_publication(*left, *right);
  });
  if (same && (!now || served.empty()))
    return;
  polled_ = std::move(served);
  effects_.emplace_back(poll_metadata{polled_, now});
}

void pool_machine::arm(timer purpose, wake_timer& which, time due) {
  if (const auto epoch = which.arm(due))
    effects_.emplace_back(arm_timer{purpose, *epoch, due - now_});
}

} // namespace dklb::domain
