#include "program/live_config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace dklb::program {

using actors::reload_result;
using domain::changed_key;

live_config::live_config(domain::config started, std::string file, actors::runtime_ptr run,
                         listener tell)
  : file_(std::move(file)), run_(std::move(run)), tell_(std::move(tell)),
    in_force_(std::move(started)), loaded_at_(run_->wall_clock()) {}

void live_config::catch_up(const domain::config_outcome& outcome) {
  if (!outcome.value)
    return take(outcome);
  const auto change = domain::plan_change(in_force_, *outcome.value);
  if (!change.live.empty() || !change.need_restart.empty())
    take(outcome);
}

void live_config::take(const domain::config_outcome& outcome) {
  if (outcome.value)
    accept(domain::plan_change(in_force_, *outcome.value));
  else
    reject(outcome.mistakes);
}

void live_config::reject(const std::vector<domain::config_mistake>& mistakes) {
  refusal found{run_->wall_clock(), {}};
  std::string all;
  for (const auto& mistake : mistakes) {
    found.mistakes.push_back(to_string(mistake, file_));
    run_->log->error("{}", found.mistakes.back());
    all += (all.empty() ? "" : "; ") + found.mistakes.back();
  }
  run_->log->error("{} is not applied: the configuration that was read last stays in force", file_);
  run_->stats->config_reloaded(reload_result::rejected);
  {
    const std::lock_guard lock{mutex_};
    rejected_ = std::move(found);
  }
  tell_.rejected(all);
}

void live_config::accept(domain::config_change change) {
  const auto news = !change.live.empty() || change.need_restart != need_restart_;
  for (const auto& item : change.live)
    run_->log->info("configuration: {} is now {}, it was {}", item.key, item.written, item.running);
  log_restarts(change.need_restart);
  if (!news)
    run_->log->info("{} was read again: nothing has changed", file_);
  run_->stats->config_reloaded(news ? reload_result::applied : reload_result::unchanged);
  if (!change.live.empty())
    tell_.apply(change.merged);
  const std::lock_guard lock{mutex_};
  in_force_ = std::move(change.merged);
  need_restart_ = std::move(change.need_restart);
  rejected_.reset();
  loaded_at_ = run_->wall_clock();
}

/// Of each only what was not said before.
void live_config::log_restarts(const std::vector<changed_key>& keys) const {
  for (const auto& item : keys)
    if (std::ranges::find(need_restart_, item) == need_restart_.end())
      run_->log->warn("configuration: {} is {} in {}, but needs a restart: it stays {}", item.key,
                      item.written, file_, item.running);
  for (const auto& item : need_restart_)
    if (std::ranges::none_of(keys, [&](const auto& left) { return left.key == item.key; }))
      run_->log->info("configuration: {} is {} again and needs no restart", item.key, item.running);
}

std::string live_config::page() const {
  const std::lock_guard lock{mutex_};
  nlohmann::json out{{"loadedAt", loaded_at_},
                     {"config", domain::config_to_json(in_force_)},
                     {"needRestart", nlohmann::json::array()},
                     {"rejected", nullptr}};
  for (const auto& item : need_restart_)
    out["needRestart"].push_back(
      {{"key", item.key}, {"running", item.running}, {"written", item.written}});
  if (rejected_)
    out["rejected"] = {{"at", rejected_->at}, {"mistakes", rejected_->mistakes}};
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

} // namespace dklb::program
