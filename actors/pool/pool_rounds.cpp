#include "actors/pool/pool.hpp"

#include "domain/base/names.hpp"
#include "domain/config/config.hpp"
#include "domain/document/pool_defaults.hpp"
#include "domain/pool/pool_refusals.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

// A round of a pool: read, plan, write, and what a failure of it means.
namespace dklb::actors {

using namespace messages;
using domain::error_code;
using domain::pool_action;

namespace {

/// The longest pause before a claim that EdgeLB refuses is tried again: what it lacks may have come
/// free without anybody telling.
constexpr milliseconds longest_refusal{30000};

} // namespace

void pool_state::arm(tick_kind kind, domain::wake_timer& timer, milliseconds due) {
  if (const auto epoch = timer.arm(due))
    self_->delayed_send(self_, due - now(self_), tick{kind, *epoch});
}

void pool_state::pump() {
  if (busy_ || !dirty_ || !gate_open)
    return;
  if (now(self_) < not_before_)
    return arm(wake, wake_timer_, not_before_);
  dirty_ = false;
  busy_ = true;
  read_ = false;
  enter("working");
  if (known_ == knowledge::unknown)
    recall();
  else if (known_ == knowledge::absent)
    plan_round();
  else
    read();
}

void pool_state::recall() {
  ask<recalled_pool>(
    self_, peers->inventory, reply_deadline, recall_pool{own_name()},
    [this](recalled_pool& answer) {
      if (answer.what == recalled_pool::state::absent) {
        known_ = knowledge::absent;
        return plan_round();
      }
      if (!answer.pool)
        return read();
      learn(std::move(answer.pool));
      plan_round();
    },
    [this](const caf::error&) { read(); });
}

void pool_state::read() {
  read_ = true;
  ask<pool_answer>(
    self_, peers->edgelb, gateway_deadline(run->concurrency.edgelb_timeout), read_pool{own_name()},
    [this](pool_answer& answer) { read_ended(std::move(answer.outcome)); },
    [this](const caf::error& problem) { read_ended(to_domain(problem)); });
}

void pool_state::read_ended(domain::result<snapshot_ptr> outcome) {
  if (outcome) {
    learn(std::move(*outcome));
  } else if (outcome.failure().code == error_code::not_found) {
    learn(nullptr);
  } else {
    return round_failed(outcome.failure(), false);
  }
  plan_round();
}

void pool_state::learn(snapshot_ptr pool) {
  known_ = pool ? knowledge::outdated : knowledge::absent;
  last_ = std::move(pool);
  self_->send(peers->inventory, pool_seen{own_name(), last_});
}

domain::pool_plan_input pool_state::plan_input(std::optional<domain::pool_document> actual) const {
  auto input = book_.plan_input();
  input.actual = std::move(actual);
  input.held_ours = held_ours_;
  return input;
}

domain::pool_plan pool_state::make_plan(const domain::pool_plan_input& input) const {
  auto settings = run->pools;
  if (nodes_)
    settings.node_addresses = *nodes_;
  return domain::plan_pool(settings, input);
}

void pool_state::plan_round() {
  std::optional<domain::pool_document> actual;
  if (last_) {
    actual = domain::document_of(*last_);
    held_ours_ = held_ours_ || !domain::owners_in(run->pools.cluster, *actual).empty();
  }
  auto input = plan_input(std::move(actual));
  auto plan = make_plan(input);
  if (!read_ && needs_read(plan))
    return read();
  planned_ = book_.version();
  planned_releases_ = std::move(input.releases);
  carry_out(std::move(plan));
}

/// EdgeLB's API has no version check, so a document that is old overwrites what others have added
/// since. A refusal because the pool does not exist may be old news as well.
bool pool_state::needs_read(const domain::pool_plan& plan) const {
  return plan.action == pool_action::replace || plan.action == pool_action::remove
         || std::any_of(plan.refusals.begin(), plan.refusals.end(), [](const auto& item) {
              return item.second.reason == domain::refusal_reason::creation_forbidden;
            });
}

/// The one place that takes a plan apart: a new field does not compile until it is obeyed here.
void pool_state::carry_out(domain::pool_plan plan) {
  auto& [action, document, changes, refusals, relaunches, plan_again] = plan;
  auto cause = changes.empty() ? std::string{} : std::move(changes.front());
  if (changes.size() > 1)
    cause += " and " + std::to_string(changes.size() - 1) + " more";
  if (relaunches)
    cause += " (relaunches the pool's instances)";
  auto round = std::make_shared<const planned_round>(
    planned_round{action, std::move(cause), std::move(refusals), plan_again});
  if (action == pool_action::none)
    return round_succeeded(*round);
  write(std::move(document), std::move(round));
}

void pool_state::write(domain::pool_document document, round_ptr round) {
  const write_pool request{round->action, own_name(),
                           std::make_shared<const domain::pool_document>(std::move(document))};
  last_.reset();
  ask<pool_answer>(
    self_, peers->edgelb, gateway_deadline(run->concurrency.edgelb_timeout), request,
    [this, round](pool_answer& answer) { write_ended(*round, std::move(answer.outcome)); },
    [this, round](const caf::error& problem) { write_ended(*round, to_domain(problem)); });
}

void pool_state::write_ended(const planned_round& round, domain::result<snapshot_ptr> outcome) {
  if (!outcome)
    return round_failed(outcome.failure(), true);
  ++writes_;
  run->stats->pool_written(round.action);
  not_before_ = now(self_) + run->concurrency.pool_write_gap;
  last_write_ = last_write{std::chrono::system_clock::now(), round.cause};
  last_write_->cause.shrink_to_fit();
  run->log->info("pool {}: {}: {}", own_name(), to_string(round.action), last_write_->cause);
  held_ours_ = round.action != pool_action::remove;
  if (round.action != pool_action::replace)
    book_.made_anew();
  learn(std::move(*outcome));
  if (last_)
    run->names->add(own_name());
  else
    run->names->remove(own_name());
  round_succeeded(round);
}

void pool_state::round_succeeded(const planned_round& round) {
  busy_ = false;
  enter("idle");
  backoff_.reset();
  failed({});
  run->troubles->works(trouble_source());
  dirty_ = book_.succeeded(planned_) || round.plan_again || dirty_;
  auto news = settle_claims(round);
  // Before a thousand Services are told: the addresses are what they wait for.
  update_poller(round.action != pool_action::none);
  for (auto& [key, refusal] : news)
    tell(key, std::move(refusal));
  confirm_releases();
  last_.reset();
  end_if_unused();
  pump();
}

/// Notes the verdicts of a plan that was carried out; those that their owners have not heard.
pool_state::verdicts pool_state::settle_claims(const planned_round& round) {
  const auto excluded = book_.excluded();
  verdicts news;
  for (const auto& item : book_.entries()) {
    const auto& key = item.claim->service;
    if (item.version > planned_ || item.claim->paused || excluded.contains(key))
      continue;
    const auto refusal = round.refusals.find(key);
    if (refusal == round.refusals.end())
      news.emplace_back(key, std::nullopt);
    else if (!round.plan_again) // else the next plan tells
      news.emplace_back(key, refusal->second);
  }
  std::erase_if(news, [this](const auto& item) { return !book_.settle(item.first, item.second); });
  return news;
}

void pool_state::tell(const domain::service_key& key, std::optional<domain::claim_refusal> refusal,
                      bool by_edgelb) {
  const auto owner = owner_of(key);
  if (!owner)
    return;
  claim_settled what{book_.find(key)->claim, std::move(refusal)};
  if (by_edgelb) {
    what.attempts = faulty_backoff_ ? faulty_backoff_->attempts() : 0;
    what.retry_in = std::max(faulty_at_ - now(self_), milliseconds{});
  }
  self_->send(owner, std::move(what));
}

void pool_state::confirm_releases() {
  for (const auto& key : std::exchange(planned_releases_, {})) {
    if (!book_.releasing(key))
      continue;
    book_.released(key);
    release_ended(key);
  }
}

/// Whoever asked for it is told.
void pool_state::release_ended(const domain::service_key& key) {
  const auto waiting = promises_.extract(key);
  if (waiting.empty())
    return;
  for (auto& promise : waiting.mapped())
    promise.deliver(pool_released{own_name()});
}

// -- failures

void pool_state::round_failed(const domain::error& failure, bool was_write) {
  busy_ = false;
  dirty_ = true;
  known_ = knowledge::outdated;
  last_.reset();
  failed(failure.message);
  enter("waiting");
  const auto definite = failure.code == error_code::rejected || failure.code == error_code::invalid;
  if (was_write && definite)
    find_fault(failure);
  else if (was_write && failure.code == error_code::not_found)
    not_before_ = now(self_) + run->concurrency.pool_write_gap;
  else
    delay(failure);
  pump();
}

/// Looks for the claim or the release that EdgeLB refuses; all others go on without it.
void pool_state::find_fault(const domain::error& failure) {
  const auto named = domain::owners_named_in(run->pools.cluster, failure.message);
  const auto faulty = book_.refused(planned_, named);
  if (!book_.explained())
    return delay(failure);
  not_before_ = now(self_) + run->concurrency.pool_write_gap;
  if (faulty.empty())
    return;
  try_faulty_later();
  for (const auto& key : faulty) {
    run->log->warn("pool {}: {}: {}", own_name(), to_string(key), failure.message);
    refuse(key, failure.message);
  }
}

/// After a while, or as soon as another pool gives a port up.
void pool_state::try_faulty_later() {
  self_->send(peers->inventory, await_room{own_name()});
  if (faulty_at_ > now(self_))
    return;
  if (!faulty_backoff_) {
    auto pauses = delays();
    pauses.max = std::min(pauses.max, longest_refusal);
    faulty_backoff_ = std::make_unique<domain::backoff>(pauses);
  }
  const auto pause = faulty_backoff_->next();
  faulty_at_ = now(self_) + pause;
  arm(retry_faulty, retry_timer_, faulty_at_);
}

/// The owner is told in EdgeLB's words, and who has the port where that is what they are about.
void pool_state::refuse(const domain::service_key& key, const std::string& words) {
  const auto* const entry = book_.find(key);
  if (entry == nullptr)
    return; // a release, which is tried again
  find_port_users question{own_name(), entry->claim->role.value_or(domain::public_role), {}};
  for (const auto& port : entry->claim->ports)
    question.ports.push_back(port.bind_port);
  const auto told = [this, claim = entry->claim,
                     words](const std::vector<domain::port_user>& users) {
    const auto* const present = book_.find(claim->service);
    if (present == nullptr || present->claim != claim)
      return;
    const auto refusal = domain::refused_by_edgelb(run->pools.cluster, *claim, words, users);
    // Also where it is the same: the number of tries and the time of the next one are not.
    book_.settle(claim->service, refusal);
    tell(claim->service, refusal, true);
  };
  ask<port_users>(
    self_, peers->inventory, reply_deadline, question,
    [told](const port_users& answer) { told(answer.users); },
    [told](const caf::error&) { told({}); });
}

domain::backoff_settings pool_state::delays() const {
  return {run->concurrency.retry_base, run->concurrency.retry_max, 2.0, 0.2};
}

void pool_state::delay(const domain::error& failure) {
  // Somebody else created or changed it first: what they wrote is read at once.
  const auto soon = failure.code == error_code::conflict && !backoff_;
  if (!backoff_)
    backoff_ = std::make_unique<domain::backoff>(delays());
  auto wait =
    backoff_->next(failure.retry_after, static_cast<double>(run->random() % 1000) / 1000.0);
  if (soon)
    wait = run->concurrency.pool_write_gap;
  not_before_ = now(self_) + wait;
  if (soon || failure.code == error_code::not_leader)
    return;
  if (domain::access_refused(failure.code))
    run->troubles->denied(trouble_source(), failure.message); // the same for many pools
  else
    run->log->warn("pool {}: {}; trying again in {}", own_name(), failure.message,
                   domain::format_duration(wait));
  for (const auto& item : book_.entries())
    if (const auto owner = owner_of(item.claim->service);
        owner && !item.served() && !item.claim->paused)
      self_->send(owner, claim_delayed{own_name(), failure.message, backoff_->attempts(), wait});
}

} // namespace dklb::actors
