#include "domain/cluster/cluster_plan.hpp"

#include "domain/base/names.hpp"
#include "domain/config/settings.hpp"
#include "domain/explanation/cluster_text.hpp"
#include "domain/service/pool_choice.hpp"
#include "domain/text/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

namespace dklb::domain {

namespace {

using claim_ptr = std::shared_ptr<const pool_claim>;

/// A first step is a patch, which the plan of the patched Service follows; nothing takes more.
constexpr int most_steps = 3;

class planner {
public:
  planner(const config& settings, const std::shared_ptr<const node_list>& nodes,
          const cluster_state& state)
    : orphans_(settings.orphans), services_(service_settings_of(settings)),
      pools_(pool_settings_of(settings)), state_(state) {
    pools_.nodes = nodes;
    for (const auto& [name, document] : state_.pools) {
      const auto owners = owners_in(pools_.cluster, document);
      owners_[name] =
        std::make_shared<const std::vector<service_key>>(owners.begin(), owners.end());
      for (const auto& owner : owners)
        held_[owner].insert(name);
    }
  }

  cluster_plan plan() {
    for (const auto& object : by_age())
      take(*object);
    remove_orphans();
    move_out();
    for (const auto& name : touched())
      conclude(name);
    std::ranges::sort(out_.unserved, {}, &unserved_service::service);
    std::ranges::stable_sort(out_.remarks, {}, &service_remark::service);
    return std::move(out_);
  }

private:
  /// Which is the order of precedence, too: made-up names do not depend on that of a list.
  std::vector<const service*> by_age() const {
    std::vector<const service*> out;
    for (const auto& object : state_.services)
      out.push_back(&object);
    std::ranges::sort(out, [](const service* left, const service* right) {
      return std::tie(left->creation_timestamp, left->key)
             < std::tie(right->creation_timestamp, right->key);
    });
    return out;
  }

  void take(const service& object) {
    if (!followed(object))
      return;
    followed_.insert(object.key);
    auto subject = object;
    for (int i = 0; i < most_steps; ++i) {
      auto step = plan_service(services_, input_for(subject));
      auto* const patch = std::get_if<patch_service>(&step);
      if (patch == nullptr || patch->next)
        return std::visit([&](auto& what) { carry_out(subject, what); }, step);
      subject.finalizers = patch->finalizers.value_or(subject.finalizers);
      if (patch->config_annotation)
        subject.config_annotation = patch->config_annotation;
      subject.pool_annotation = patch->pool_annotation.value_or(subject.pool_annotation);
    }
  }

  service_plan_input input_for(const service& object) {
    service_plan_input input;
    input.object = &object;
    input.suffix = [this] { return name_suffix(++made_up_); };
    input.pool_exists = [this](const std::string& name) {
      return state_.pools.contains(name) || claims_.contains(name);
    };
    input.holders = [this, &object](const std::string& name) {
      const auto found = owners_.find(name);
      return holders_among(found == owners_.end() ? nullptr : found->second, object.key);
    };
    input.held = [this, &object] {
      const auto found = held_.find(object.key);
      return found == held_.end()
               ? std::vector<std::string>{}
               : std::vector<std::string>{found->second.begin(), found->second.end()};
    };
    return input;
  }

  void carry_out(const service&, const ignore_service&) {}
  void carry_out(const service& object, const clean_up_service&) {
    for (const auto& pool : held_[object.key])
      releases_[pool].emplace(object.key, strategy_on_leaving(pool, {}, object.config_annotation));
  }
  void carry_out(const service& object, const refuse_service& step) {
    out_.unserved.push_back(
      {object.key, {service_phase::refused, step.event_reason, step.message}});
  }
  void carry_out(const service& object, const pause_service& step) {
    out_.unserved.push_back({object.key, paused_report(step.message)});
    if (step.claim)
      claims_[step.claim->pool].push_back(step.claim);
  }
  void carry_out(const service& object, const patch_service& step) {
    carry_out(object, *step.next);
  }
  void carry_out(const service& object, const claim_pool_part& step) {
    claims_[step.claim->pool].push_back(step.claim);
    for (const auto& remark : step.remarks)
      out_.remarks.push_back({object.key, remark});
  }

  void remove_orphans() {
    for (const auto& [owner, pools] : held_) {
      if (followed_.contains(owner))
        continue;
      for (const auto& pool : pools)
        if (orphans_ == orphan_mode::remove)
          releases_[pool].emplace(owner, std::nullopt); // of whom nobody knows the strategy
        else
          out_.left.push_back("pool " + pool + ": objects of " + to_string(owner)
                              + ", which is gone, are left (orphans.mode: report)");
    }
  }

  /// Whoever is served in its pool leaves those that it was in before.
  void move_out() {
    if (orphans_ == orphan_mode::report)
      return;
    for (const auto& [name, claims] : claims_) {
      const auto refusals = plans_of(name).back().refusals;
      for (const auto& claim : claims)
        if (!claim->paused && !refusals.contains(claim->service))
          for (const auto& pool : held_[claim->service])
            if (pool != name)
              releases_[pool].emplace(claim->service,
                                      strategy_on_leaving(pool, {claim.get()}, std::nullopt));
    }
  }

  std::set<std::string> touched() const {
    std::set<std::string> names;
    for (const auto& [name, claims] : claims_)
      names.insert(name);
    for (const auto& [name, owners] : releases_)
      names.insert(name);
    return names;
  }

  pool_plan_input input_of(const std::string& name) const {
    pool_plan_input input;
    if (const auto found = state_.pools.find(name); found != state_.pools.end()) {
      input.actual = found->second;
      input.held_ours = !owners_in(pools_.cluster, found->second).empty();
    }
    if (const auto found = claims_.find(name); found != claims_.end())
      input.claims = found->second;
    if (const auto found = releases_.find(name); found != releases_.end())
      for (const auto& [owner, creation] : found->second)
        add_release(input, owner, creation);
    return input;
  }

  /// The plans that the pool's actor carries out, one after the other.
  std::vector<pool_plan> plans_of(const std::string& name) const {
    auto input = input_of(name);
    std::vector<pool_plan> plans{plan_pool(pools_, input)};
    if (plans.front().plan_again) {
      input.actual.reset();
      input.releases.clear();
      plans.push_back(plan_pool(pools_, input));
    }
    return plans;
  }

  void conclude(const std::string& name) {
    auto plans = plans_of(name);
    for (const auto& [service, refusal] : plans.back().refusals)
      out_.unserved.push_back({service, refused_report(refusal)});
    note_nodes(name, plans.back());
    for (auto& plan : plans) {
      // Each field by its name, as in the pool's actor: a new one does not compile until it counts.
      // The document is what the changes tell of.
      auto& [action, document, changes, refusals, relaunches, plan_again, notices] = plan;
      if (action != pool_action::none)
        out_.pools.push_back({name, action, relaunches, std::move(changes)});
    }
  }

  void note_nodes(const std::string& name, const pool_plan& plan) {
    const auto claims = claims_.find(name);
    if (claims == claims_.end() || plan.notices.empty())
      return;
    for (const auto& claim : claims->second) {
      const auto notice = plan.notices.find(claim->families);
      if (claim->paused || notice == plan.notices.end() || plan.refusals.contains(claim->service))
        continue;
      if (notice->second.none)
        out_.unserved.push_back({claim->service, no_nodes_report(notice->second.message)});
      else
        out_.remarks.push_back({claim->service, notice->second.message});
    }
  }

  orphan_mode orphans_;
  service_settings services_;
  pool_settings pools_;
  const cluster_state& state_;
  std::map<service_key, std::set<std::string>> held_; ///< the pools with objects of a Service
  std::map<std::string, pool_owners> owners_;
  std::set<service_key> followed_;
  std::map<std::string, std::vector<claim_ptr>> claims_;
  std::map<std::string, std::map<service_key, std::optional<creation_strategy>>> releases_;
  std::uint64_t made_up_ = 0;
  cluster_plan out_;
};

} // namespace

cluster_plan plan_cluster(const config& settings, const std::shared_ptr<const node_list>& nodes,
                          const cluster_state& state) {
  return planner{settings, nodes, state}.plan();
}

std::string plan_as_table(const cluster_plan& plan) {
  return plan_as_table(plan_as_json(plan));
}

nlohmann::json plan_as_json(const cluster_plan& plan) {
  const auto shown = [](const std::vector<std::string>& lines) {
    auto out = nlohmann::json::array();
    for (const auto& line : lines)
      out.push_back(visible(line));
    return out;
  };
  auto pools = nlohmann::json::array();
  for (const auto& item : plan.pools)
    pools.push_back({{"name", visible(item.name)},
                     {"action", to_string(item.action)},
                     {"relaunches", item.relaunches},
                     {"changes", shown(item.changes)}});
  auto unserved = nlohmann::json::array();
  for (const auto& item : plan.unserved)
    unserved.push_back({{"service", to_string(item.service)},
                        {"phase", to_string(item.report.phase)},
                        {"reason", item.report.reason},
                        {"message", visible(item.report.message)}});
  auto remarks = nlohmann::json::array();
  for (const auto& item : plan.remarks)
    remarks.push_back({{"service", to_string(item.service)}, {"message", visible(item.text)}});
  return {{"pools", std::move(pools)},
          {"unserved", std::move(unserved)},
          {"remarks", std::move(remarks)},
          {"left", shown(plan.left)}};
}

} // namespace dklb::domain
