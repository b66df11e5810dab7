#include "domain/pool/pool_plan.hpp"

#include "domain/document/pool_document.hpp"
#include "domain/document/pool_objects.hpp"
#include "domain/document/pool_section.hpp"
#include "domain/document/pool_servers.hpp"
#include "domain/pool/pool_changes.hpp"
#include "domain/pool/pool_conflicts.hpp"

#include <algorithm>
#include <tuple>

namespace dklb::domain {

namespace {

using claim_list = std::vector<const pool_claim*>;

/// The claims to judge, oldest first and one for each Service (the younger where a Service was
/// deleted and made again), without those that are excluded.
claim_list candidates(const pool_plan_input& input) {
  std::map<service_key, const pool_claim*> youngest;
  for (const auto& claim : input.claims) {
    if (!claim || input.excluded.contains(claim->service))
      continue;
    // The book's claims come in order.
    auto& known = youngest.try_emplace(youngest.end(), claim->service)->second;
    if (!known
        || std::tie(known->creation_timestamp, known->uid)
             < std::tie(claim->creation_timestamp, claim->uid))
      known = claim.get();
  }
  claim_list claims;
  claims.reserve(youngest.size());
  for (const auto& [service, claim] : youngest)
    claims.push_back(claim);
  const auto older = [](const auto* left, const auto* right) { return precedes(*left, *right); };
  // Those that one command has created are of one second, and in order already.
  if (!std::is_sorted(claims.begin(), claims.end(), older))
    std::sort(claims.begin(), claims.end(), older);
  return claims;
}

/// The Services that give up what they own: a claim that is to be judged outranks a release.
std::set<service_key> leaving(const pool_plan_input& input, const claim_list& claims) {
  auto services = input.releases;
  for (const auto* claim : claims)
    services.erase(claim->service);
  return services;
}

/// Makes the pool what the accepted claims want. True where anything changed.
bool apply(const pool_settings& settings, pool_servers& servers, std::optional<pool_document>& pool,
           const claim_list& claims, const pool_verdict& verdict) {
  claim_list refused;
  for (const auto* claim : claims) {
    if (verdict.refusals.contains(claim->service))
      refused.push_back(claim);
  }
  section_deciders deciders;
  for (const auto* claim : verdict.accepted)
    deciders.admit(*claim);
  const bool create = !pool && !verdict.accepted.empty();
  if (create)
    pool = new_pool(settings, verdict.accepted.front()->pool, deciders);
  // What cannot be edited is left alone: every claim on it is refused.
  if (!pool || unusable(*pool))
    return false;
  const bool changed = create || apply_section(*pool, deciders);
  return apply_objects(settings, servers, *pool, verdict.accepted, refused) || changed;
}

bool same_outcome(const pool_verdict& left, const pool_verdict& right) {
  // Each claim is either accepted or refused, so the accepted ones tell all.
  return left.accepted == right.accepted;
}

/// Judges and applies until nothing changes any more, as if one plan after the other were carried
/// out: one round nearly always; more where a claim that moves makes room for another. So planning
/// over what comes out is `none`. Each further round lets at least one more claim have its ports,
/// which bounds their number. (A claim that joins in one round may be refused in the next, because
/// an older one with other settings got in behind it. It then keeps what it has, as ever.)
pool_verdict settle(const pool_settings& settings, pool_servers& servers,
                    std::optional<pool_document>& pool, const claim_list& claims) {
  auto verdict = judge_claims(settings.cluster, pool ? &*pool : nullptr, claims);
  for (std::size_t round = 0; round <= claims.size(); ++round) {
    // Where nobody is refused there is nobody who could get in behind another.
    if (!apply(settings, servers, pool, claims, verdict) || verdict.refusals.empty())
      break;
    auto next = judge_claims(settings.cluster, pool ? &*pool : nullptr, claims);
    const bool stable = same_outcome(verdict, next);
    verdict = std::move(next);
    if (stable)
      break;
  }
  return verdict;
}

std::map<ip_families, node_notice> notices_of(const pool_settings& settings, pool_servers& servers,
                                              const claim_list& accepted) {
  std::map<ip_families, node_notice> notices;
  std::set<ip_families> looked_at;
  for (const auto* claim : accepted)
    if (looked_at.insert(claim->families).second)
      if (auto notice = notice_of(settings, servers, claim->families))
        notices.emplace(claim->families, std::move(*notice));
  return notices;
}

/// Whether a pool that this plan leaves empty may go. Nobody's absence removes a pool, only a
/// release does, and never one that was not dklb's at any time.
bool removable(const pool_plan_input& input, const claim_list& claims, bool owned) {
  const auto forbids = [](const auto* claim) {
    return claim->creation == creation_strategy::never;
  };
  const bool known_or_made = !input.strategy_unknown || made_by_dklb(*input.actual);
  return !input.releases.empty() && owned && !input.keep_when_empty && known_or_made
         && std::none_of(claims.begin(), claims.end(), forbids);
}

} // namespace

void add_release(pool_plan_input& input, const service_key& service,
                 std::optional<creation_strategy> creation) {
  input.releases.insert(service);
  input.keep_when_empty |= creation == creation_strategy::never;
  input.strategy_unknown |= !creation;
}

pool_plan plan_pool(const pool_settings& settings, const pool_plan_input& input) {
  pool_plan plan;
  const auto claims = candidates(input);
  auto pool = input.actual;
  if (pool && !unusable(*pool))
    erase_objects(settings, *pool, leaving(input, claims));
  pool_servers servers{settings, input.actual ? &*input.actual : nullptr};
  auto verdict = settle(settings, servers, pool, claims);
  plan.refusals = std::move(verdict.refusals);
  plan.notices = notices_of(settings, servers, verdict.accepted);
  if (!pool)
    return plan;
  if (!input.actual) {
    plan.action = pool_action::create;
    plan.changes = changes_of_creation(*pool);
    plan.document = std::move(*pool);
    return plan;
  }
  const bool owned = input.held_ours || !owners_in(settings.cluster, *input.actual).empty();
  if (verdict.accepted.empty() && is_empty(*pool) && removable(input, claims, owned)) {
    plan.action = pool_action::remove;
    plan.changes = changes_between(settings.cluster, *input.actual, *pool).lines;
    plan.changes.emplace_back("delete the pool, which has no frontend and no backend left");
    plan.plan_again = !plan.refusals.empty();
    return plan;
  }
  if (*pool == *input.actual)
    return plan;
  auto changes = changes_between(settings.cluster, *input.actual, *pool);
  plan.action = pool_action::replace;
  plan.changes = std::move(changes.lines);
  plan.relaunches = changes.section;
  plan.document = std::move(*pool);
  return plan;
}

const char* to_string(pool_action action) {
  switch (action) {
  case pool_action::none:
    return "none";
  case pool_action::create:
    return "create";
  case pool_action::replace:
    return "replace";
  case pool_action::remove:
    return "remove";
  }
  return "unknown";
}

} // namespace dklb::domain
