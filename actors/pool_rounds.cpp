#include "actors/pool.hpp"

#include "domain/config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

// A round of a pool: read, plan, write, and what a failure of it means.
namespace dklb::actors {

using namespace messages;
using domain::error_code;
using domain::pool_action;

namespace {

/// What EdgeLB said this recently is planned upon without reading again (invariant 9).
constexpr milliseconds freshness{5000};

} // namespace

void pool_state::wake_at(milliseconds when) {
  self_->delayed_send(self_, when - now(self_), tick{wake, ++wake_epoch_});
}

bool pool_state::fresh() const {
  const auto recent = now(self_) - known_at_ < freshness;
  return (known_ == knowledge::present && last_ && recent) || known_ == knowledge::absent;
}

void pool_state::pump() {
  if (busy_ || !dirty_ || !gate_open || !coming_->empty())
    return;
  if (now(self_) < not_before_)
    return wake_at(not_before_);
  dirty_ = false;
  busy_ = true;
  enter("working");
  if (known_ == knowledge::unknown)
    recall();
  else if (fresh())
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
  known_at_ = now(self_);
  known_ = pool ? knowledge::present : knowledge::absent;
  last_ = std::move(pool);
  self_->send(peers->inventory,
              pool_seen{own_name(), last_ ? std::optional{last_->digest} : std::nullopt});
}

domain::pool_plan pool_state::make_plan(std::optional<domain::pool_document> actual) const {
  domain::pool_plan_input input;
  input.actual = std::move(actual);
  for (const auto& item : book_.entries())
    input.claims.push_back(item.claim);
  input.releases = book_.releases();
  input.excluded = book_.excluded();
  input.held_ours = held_ours_;
  auto settings = run->pools;
  if (nodes_)
    settings.node_addresses = *nodes_;
  return domain::plan_pool(settings, input);
}

void pool_state::plan_round() {
  planned_ = book_.version();
  planned_releases_.reset();
  if (!book_.releases().empty())
    planned_releases_.edit() = book_.releases();
  std::optional<domain::pool_document> actual;
  if (last_) {
    actual = domain::document_of(*last_);
    held_ours_ = held_ours_ || !domain::owners_in(run->pools.cluster, *actual).empty();
  }
  auto plan = make_plan(std::move(actual));
  const auto forbidden = std::any_of(plan.refusals.begin(), plan.refusals.end(), [](auto& item) {
    return item.second.reason == domain::refusal_reason::creation_forbidden;
  });
  // "It does not exist" may be old news; a refusal on its ground deserves a look.
  if (forbidden && now(self_) - known_at_ >= freshness)
    return read();
  if (plan.action == pool_action::none)
    return round_succeeded(plan);
  write(std::move(plan));
}

void pool_state::write(domain::pool_plan plan) {
  auto shared = std::make_shared<domain::pool_plan>(std::move(plan));
  auto document = std::make_shared<const domain::pool_document>(std::move(shared->document));
  last_.reset();
  ask<pool_answer>(
    self_, peers->edgelb, gateway_deadline(run->concurrency.edgelb_timeout),
    write_pool{shared->action, own_name(), document},
    [this, shared](pool_answer& answer) { write_ended(*shared, std::move(answer.outcome)); },
    [this, shared](const caf::error& problem) { write_ended(*shared, to_domain(problem)); });
}

void pool_state::write_ended(const domain::pool_plan& plan, domain::result<snapshot_ptr> outcome) {
  if (!outcome)
    return round_failed(outcome.failure(), true);
  ++writes_;
  run->stats->pool_written(plan.action);
  not_before_ = now(self_) + run->concurrency.pool_write_gap;
  last_write_ =
    last_write{std::chrono::system_clock::now(), plan.changes.empty() ? "" : plan.changes.front()};
  if (plan.changes.size() > 1)
    last_write_->cause += " and " + std::to_string(plan.changes.size() - 1) + " more";
  last_write_->cause.shrink_to_fit();
  run->log->info("pool {}: {}: {}", own_name(), to_string(plan.action), last_write_->cause);
  held_ours_ = plan.action != pool_action::remove;
  learn(std::move(*outcome));
  if (known_ == knowledge::present)
    run->names->add(own_name());
  else
    run->names->remove(own_name());
  round_succeeded(plan);
}

void pool_state::round_succeeded(const domain::pool_plan& plan) {
  busy_ = false;
  enter("idle");
  backoff_.reset();
  failed({});
  run->troubles->works(trouble_source());
  if (book_.succeeded(planned_))
    dirty_ = true;
  auto news = settle_claims(plan);
  // Before a thousand Services are told: the addresses are what they wait for.
  update_poller(plan.action != pool_action::none);
  for (auto& [key, refusal] : news)
    tell(key, std::move(refusal));
  confirm_releases();
  // Only a pool whose claims still come in needs its document soon again.
  if (last_ && !dirty_ && book_.entries().size() < 2)
    last_.reset();
  else if (last_)
    self_->delayed_send(self_, freshness, tick{forget, ++forget_epoch_});
  end_if_unused();
  pump();
}

/// Notes the verdicts of a plan that was carried out; those that their owners have not heard.
pool_state::verdicts pool_state::settle_claims(const domain::pool_plan& plan) {
  const auto excluded = book_.excluded();
  verdicts news;
  for (const auto& item : book_.entries()) {
    const auto& key = item.claim->service;
    if (item.version > planned_ || excluded.contains(key))
      continue;
    const auto refusal = plan.refusals.find(key);
    if (refusal == plan.refusals.end())
      news.emplace_back(key, std::nullopt);
    else
      news.emplace_back(key, refusal->second);
  }
  std::erase_if(news, [this](const auto& item) { return !book_.settle(item.first, item.second); });
  return news;
}

void pool_state::tell(const domain::service_key& key,
                      std::optional<domain::claim_refusal> refusal) {
  if (const auto owner = owner_of(key))
    self_->send(owner, claim_settled{book_.find(key)->claim, std::move(refusal)});
}

void pool_state::confirm_releases() {
  for (const auto& key : *planned_releases_) {
    if (!book_.releases().contains(key))
      continue;
    book_.released(key);
    release_ended(key);
  }
  planned_releases_.reset();
}

/// Whoever asked for it is told.
void pool_state::release_ended(const domain::service_key& key) {
  if (!promises_->contains(key))
    return;
  for (auto& promise : promises_.edit().at(key))
    promise.deliver(pool_released{own_name()});
  promises_.edit().erase(key);
  if (promises_->empty())
    promises_.reset();
}

// -- failures

void pool_state::round_failed(const domain::error& failure, bool was_write) {
  busy_ = false;
  dirty_ = true;
  known_ = knowledge::stale;
  last_.reset();
  failed(failure.message);
  enter("waiting");
  const auto definite = failure.code == error_code::rejected || failure.code == error_code::invalid;
  if (was_write && definite)
    blame(failure);
  else if (was_write && failure.code == error_code::not_found)
    not_before_ = now(self_) + run->concurrency.pool_write_gap;
  else
    delay(failure);
  pump();
}

void pool_state::blame(const domain::error& failure) {
  const auto guilty = book_.refused(planned_, failure.message);
  if (!book_.blamed())
    return delay(failure);
  not_before_ = now(self_) + run->concurrency.pool_write_gap;
  for (const auto& key : guilty) {
    const auto words = std::string{"EdgeLB refuses this Service's part of pool \""} + own_name()
                       + "\": " + failure.message + "; correct the Service or its annotation";
    run->log->warn("pool {}: {}: {}", own_name(), to_string(key), failure.message);
    const domain::claim_refusal refusal{domain::refusal_reason::invalid, words};
    if (book_.settle(key, refusal))
      tell(key, refusal);
    if (!guilty_backoff_)
      guilty_backoff_ = std::make_unique<domain::backoff>(delays());
    self_->delayed_send(self_, guilty_backoff_->next(), tick{pardon, ++pardon_epoch_});
  }
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
    if (const auto owner = owner_of(item.claim->service); owner && !item.served())
      self_->send(owner, claim_delayed{own_name(), failure.message, wait});
}

} // namespace dklb::actors
