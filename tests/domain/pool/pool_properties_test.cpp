#include "tests/domain/support/plan_generators.hpp"

#include "domain/base/names.hpp"
#include "domain/document/additions.hpp"
#include "domain/document/own_lines.hpp"
#include "domain/document/pool_bind.hpp"
#include "domain/document/pool_document.hpp"
#include "domain/pool/pool_status.hpp"

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

namespace dklb::domain::testing {
namespace {

/// What of a pool dklb may never touch, as text: the foreign entries of each list in their order,
/// every key of the pool and of `haproxy` that it does not set.
std::string foreign_part(const pool_document& pool) {
  std::string part;
  for (const char* list : {"frontends", "backends"}) {
    for (const auto& object : index_objects(cluster, pool, list)) {
      if (!object.owner)
        part += objects(pool, list)[object.position].dump() + "\n";
    }
  }
  for (const auto& [key, value] : pool.items()) {
    static const std::set<std::string> set_by_us{"haproxy", "cpus",        "mem",
                                                 "count",   "constraints", "cloudProvider"};
    if (!set_by_us.contains(key))
      part += key + value.dump() + "\n";
  }
  return part + member(member(pool, "haproxy"), "stats").dump();
}

/// The frontends or backends of a Service as text.
std::vector<std::string> objects_of(const pool_document& pool, const char* list,
                                    const service_key& service) {
  std::vector<std::string> result;
  for (const auto& object : index_objects(cluster, pool, list)) {
    if (object.owner && object.owner->service == service)
      result.push_back(objects(pool, list)[object.position].dump());
  }
  return result;
}

std::vector<std::string> frontends_of(const pool_document& pool, const service_key& service) {
  return objects_of(pool, "frontends", service);
}

std::vector<const pool_claim*> accepted_of(const pool_plan_input& given, const pool_plan& plan) {
  std::vector<const pool_claim*> accepted;
  for (const auto& claim : given.claims) {
    if (!claim->paused && !plan.refusals.contains(claim->service)
        && !given.excluded.contains(claim->service))
      accepted.push_back(claim.get());
  }
  return accepted;
}

/// True where the Service is paused, and the plan knows it.
bool held(const pool_plan_input& given, const service_key& service) {
  return !given.excluded.contains(service)
         && std::any_of(given.claims.begin(), given.claims.end(), [&](const auto& claim) {
              return claim->service == service && claim->paused;
            });
}

/// The input with claims that ask for nothing but ports.
pool_plan_input without_settings(pool_plan_input given) {
  for (auto& each : given.claims) {
    pool_claim bare = *each;
    bare.role = bare.network = std::nullopt;
    bare.size = std::nullopt;
    bare.cpus = std::nullopt;
    bare.cloud_provider.clear();
    each = std::make_shared<const pool_claim>(std::move(bare));
  }
  return given;
}

RC_GTEST_PROP(PoolProperty, PlanningTwiceChangesNothing, ()) {
  auto given = *any_input();
  const auto settings = *any_settings();
  const auto plan = plan_pool(settings, given);
  RC_PRE(!plan.plan_again);
  given.actual = carried_out(given, plan);
  const auto again = plan_pool(settings, given);
  RC_LOG() << plan.document.dump(2) << again.document.dump(2);
  RC_ASSERT(again.action == pool_action::none);
  RC_ASSERT(again.refusals == plan.refusals);
  RC_ASSERT(again.notices == plan.notices);
}

RC_GTEST_PROP(PoolProperty, TheOrderOfClaimsDoesNotMatter, ()) {
  const auto given = *any_input();
  auto shuffled = given;
  std::rotate(
    shuffled.claims.begin(),
    shuffled.claims.begin()
      + *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(given.claims.size()) + 1),
    shuffled.claims.end());
  std::reverse(shuffled.claims.begin(),
               shuffled.claims.begin() + static_cast<std::ptrdiff_t>(given.claims.size() / 2));
  const auto settings = *any_settings();
  const auto plan = plan_pool(settings, given);
  const auto other = plan_pool(settings, shuffled);
  RC_ASSERT(other.action == plan.action);
  RC_ASSERT(other.document.dump() == plan.document.dump());
  RC_ASSERT(other.refusals == plan.refusals);
  RC_ASSERT(other.changes == plan.changes);
  RC_ASSERT(other.notices == plan.notices);
}

RC_GTEST_PROP(PoolProperty, WhatIsForeignSurvivesByteForByte, ()) {
  const auto given = *any_input();
  RC_PRE(given.actual.has_value());
  const auto plan = plan_pool(*any_settings(), given);
  if (plan.action == pool_action::remove) {
    for (const char* list : {"frontends", "backends"}) {
      for (const auto& object : index_objects(cluster, *given.actual, list))
        RC_ASSERT(object.owner.has_value());
    }
    return;
  }
  RC_ASSERT(foreign_part(*carried_out(given, plan)) == foreign_part(*given.actual));
}

RC_GTEST_PROP(PoolProperty, ThePoolHoldsExactlyWhatTheAcceptedClaimsWant, ()) {
  const auto given = *any_input();
  const auto plan = plan_pool(mesos_mode(), given);
  const auto result = carried_out(given, plan);
  for (const auto* claim : accepted_of(given, plan)) {
    RC_ASSERT(result.has_value());
    RC_ASSERT(frontends_of(*result, claim->service).size() == claim->ports.size());
    for (const auto& port : claim->ports) {
      const auto name = object_name(cluster, claim->service, port.service_port);
      const auto& frontend = find(*result, "frontends", name);
      RC_ASSERT(frontend.is_object());
      if (claim->cloud_provider.empty())
        RC_ASSERT(frontend["bindPort"] == port.bind_port);
      RC_ASSERT(bind_in(frontend, true) == bind_of(*claim));
      RC_ASSERT(find(*result, "backends", name)["services"][0]["endpoint"]["port"]
                == port.node_port);
    }
  }
}

RC_GTEST_PROP(PoolProperty, NoFrontendSharesASocketOfAnAcceptedOne, ()) {
  const auto given = *any_input();
  const auto plan = plan_pool(mesos_mode(), given);
  const auto result = carried_out(given, plan);
  for (const auto* claim : accepted_of(given, plan)) {
    if (!claim->cloud_provider.empty())
      continue;
    for (const auto& port : claim->ports) {
      const bound_socket wanted{bind_of(*claim), port.bind_port};
      const auto& frontends = objects(*result, "frontends");
      const auto index = index_objects(cluster, *result, "frontends");
      RC_ASSERT(std::ranges::count_if(
                  index,
                  [&](const auto& object) {
                    const auto& entry = frontends[object.position];
                    const auto bound = bind_in(entry, object.owner.has_value());
                    return overlap(wanted, {bound, port_number(member(entry, "bindPort"))});
                  })
                == 1);
    }
  }
}

RC_GTEST_PROP(PoolProperty, FrontendsOfTheRefusedAndTheAbsentStayAsTheyAre, ()) {
  // Without settings: with them, a claim may move first and be refused then (see settle()).
  const auto given = without_settings(*any_input());
  RC_PRE(given.actual.has_value());
  const auto plan = plan_pool(mesos_mode(), given);
  const auto result = carried_out(given, plan);
  std::set<service_key> edited;
  for (const auto* claim : accepted_of(given, plan))
    edited.insert(claim->service);
  for (const auto& service : given.releases) {
    const bool claimed = plan.refusals.contains(service) || held(given, service);
    if (!claimed)
      edited.insert(service);
  }
  for (const auto& service : owners_in(cluster, *given.actual)) {
    if (edited.contains(service))
      continue;
    RC_ASSERT(result.has_value());
    RC_ASSERT(frontends_of(*result, service) == frontends_of(*given.actual, service));
  }
}

RC_GTEST_PROP(PoolProperty, WhatAPausedServiceHasStaysByteForByte, ()) {
  const auto given = *any_input();
  const auto plan = plan_pool(mesos_mode(), given);
  const auto result = carried_out(given, plan);
  for (const auto& claim : given.claims) {
    if (!held(given, claim->service))
      continue;
    RC_ASSERT(!plan.refusals.contains(claim->service));
    for (const char* list : {"frontends", "backends"}) {
      RC_ASSERT(
        (given.actual ? objects_of(*given.actual, list, claim->service)
                      : std::vector<std::string>{})
        == (result ? objects_of(*result, list, claim->service) : std::vector<std::string>{}));
    }
  }
}

RC_GTEST_PROP(PoolProperty, AReleaseRemovesExactlyWhatIsOwned, ()) {
  const auto before = *any_pool();
  const auto leaving = *any_services();
  const auto given = input(before, {}, leaving);
  const auto after = carried_out(given, plan_pool(mesos_mode(), given));
  auto expected = owners_in(cluster, before);
  for (const auto& service : leaving)
    expected.erase(service);
  const auto left = after ? owners_in(cluster, *after) : std::set<service_key>{};
  RC_ASSERT(left == expected);
  for (const auto& service : expected)
    RC_ASSERT(frontends_of(*after, service) == frontends_of(before, service));
}

RC_GTEST_PROP(PoolProperty, NoReferenceIsLeftDangling, ()) {
  const auto given = *any_input();
  RC_PRE(given.actual.has_value());
  const auto plan = plan_pool(mesos_mode(), given);
  const auto after = carried_out(given, plan);
  RC_PRE(after.has_value());
  const auto had = names(*given.actual, "backends");
  const auto has = names(*after, "backends");
  for (const auto link : linked_backends(*after)) {
    if (std::find(had.begin(), had.end(), link) != had.end())
      RC_ASSERT(std::find(has.begin(), has.end(), link) != has.end());
  }
}

RC_GTEST_PROP(PoolProperty, ARunningServiceThatDoesNotChangeIsNeverBroken, ()) {
  auto given = *any_input();
  given.releases.clear();
  given.excluded.clear();
  const auto first = plan_pool(mesos_mode(), given);
  const auto running = accepted_of(given, first);
  const auto before = carried_out(given, first);
  RC_PRE(before.has_value());
  // Everybody else comes anew, changes its mind or goes.
  std::map<service_key, pool_claim> claims;
  for (const auto& each : *any_claims())
    claims.emplace(each.service, each);
  for (const auto* each : running) {
    if (*rc::gen::inRange(0, 2) == 0)
      claims[each->service] = *each;
    else
      claims.erase(each->service);
  }
  std::vector<pool_claim> second;
  for (const auto& [service, each] : claims)
    second.push_back(each);
  const auto next = input(before, second);
  const auto after = carried_out(next, plan_pool(mesos_mode(), next));
  RC_ASSERT(after.has_value());
  for (const auto* each : running) {
    if (!claims.contains(each->service) || claims[each->service] == *each)
      RC_ASSERT(frontends_of(*after, each->service) == frontends_of(*before, each->service));
  }
}

/// The lines that people added to a frontend or backend.
std::vector<pool_document> lines_of_people(const pool_document& object) {
  std::vector<pool_document> lines;
  for (const auto& line : items(member(object, "miscStrs"))) {
    if (!is_own_line(text(line)))
      lines.push_back(line);
  }
  return lines;
}

RC_GTEST_PROP(PoolProperty, LinesThatPeopleAddedStayInTheirOrder, ()) {
  const auto given = *any_input();
  RC_PRE(given.actual.has_value());
  const auto after = carried_out(given, plan_pool(mesos_mode(), given));
  RC_PRE(after.has_value());
  for (const char* list : {"frontends", "backends"}) {
    std::set<std::string_view> seen;
    for (const auto& object : objects(*given.actual, list)) {
      const auto name = text(member(object, "name"));
      // The second of one name goes.
      const auto& now = find(*after, list, name);
      if (seen.insert(name).second && now.is_object())
        RC_ASSERT(lines_of_people(now) == lines_of_people(object));
    }
  }
}

/// True where the words of each server's check are those that the backend's lines record. Where
/// somebody changed the record, what it no longer names belongs to them.
bool words_are_recorded(const pool_document& backend) {
  const auto recorded = additions_in(backend).check_words;
  const auto& servers = items(member(backend, "services"));
  return std::all_of(servers.begin(), servers.end(), [&](const pool_document& server) {
    return text(member(member(member(server, "endpoint"), "check"), "customStr")) == recorded;
  });
}

bool has_words(std::string_view text, const std::string& words) {
  return (" " + std::string{text} + " ").find(" " + words + " ") != std::string::npos;
}

/// What the keys and fields of an accepted claim ask for is there, and nothing of dklb beside it.
RC_GTEST_PROP(PoolProperty, ThePoolHoldsExactlyTheAdditionsOfTheAcceptedClaims, ()) {
  const auto given = *any_input();
  const auto settings =
    *rc::gen::element(mesos_mode(), over_nodes({ready_node("n1", {"10.0.0.1", "2001:db8::1"}),
                                                ready_node("n2", {"2001:db8::2", "10.0.0.2"})}));
  const auto plan = plan_pool(settings, given);
  const auto result = carried_out(given, plan);
  for (const auto* claim : accepted_of(given, plan)) {
    for (const auto& port : claim->ports) {
      const auto name = object_name(cluster, claim->service, port.service_port);
      const auto additions = additions_for(settings, *claim);
      const auto& backend = find(*result, "backends", name);
      const bool recorded =
        !given.actual || words_are_recorded(find(*given.actual, "backends", name));
      RC_ASSERT(own_lines(find(*result, "frontends", name)) == frontend_lines(*claim));
      RC_ASSERT(own_lines(backend) == additions.lines);
      RC_ASSERT(text(member(backend, "balance")) == additions.balance);
      for (const auto& server : items(member(backend, "services"))) {
        const auto& endpoint = member(server, "endpoint");
        if (!additions.server_words.empty())
          RC_ASSERT(has_words(text(member(endpoint, "miscStr")), additions.server_words));
        const auto& check = member(endpoint, "check");
        RC_ASSERT(member(check, "enabled") == additions.checked);
        const auto check_words = text(member(check, "customStr"));
        if (recorded)
          RC_ASSERT(check_words == additions.check_words);
        else if (!additions.check_words.empty())
          RC_ASSERT(has_words(check_words, additions.check_words));
      }
    }
  }
}

RC_GTEST_PROP(PoolProperty, AnyJsonIsPlannedOverWithoutThrowing, ()) {
  auto given = *any_input();
  given.actual = *any_json();
  const auto settings = *any_settings();
  const auto plan = plan_pool(settings, given);
  RC_PRE(!plan.plan_again);
  given.actual = carried_out(given, plan);
  RC_LOG() << given.actual->dump(2);
  RC_ASSERT(plan_pool(settings, given).action == pool_action::none);
}

} // namespace
} // namespace dklb::domain::testing
