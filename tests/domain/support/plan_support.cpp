#include "tests/domain/support/plan_support.hpp"

#include "domain/base/ip_address.hpp"
#include "domain/base/names.hpp"
#include "domain/document/pool_document.hpp"

#include <algorithm>

namespace dklb::domain::testing {

service_key key(std::string_view name) {
  return {"default", std::string(name)};
}

std::string own(std::string_view name, int port) {
  return object_name(cluster, key(name), port);
}

pool_settings mesos_mode() {
  return {.cluster = cluster, .nodes = {}};
}

listed_node ready_node(const std::string& name, const std::vector<std::string>& addresses) {
  listed_node out;
  out.name = name;
  out.ready = out.proven = true;
  for (const auto& address : addresses) {
    if (is_ipv4(address) && out.ipv4.empty())
      out.ipv4 = address;
    if (is_ipv6(address) && out.ipv6.empty())
      out.ipv6 = address;
  }
  out.ipv6_first = !addresses.empty() && is_ipv6(addresses.front());
  return out;
}

pool_settings over_nodes(std::vector<listed_node> nodes) {
  return {.cluster = cluster,
          .mode = backend_mode::nodes,
          .nodes = std::make_shared<const node_list>(node_list{std::move(nodes)})};
}

pool_settings nodes_mode(const std::vector<std::string>& addresses) {
  std::vector<listed_node> nodes;
  for (const auto& address : addresses)
    nodes.push_back(ready_node("n" + std::to_string(nodes.size()), {address}));
  return over_nodes(std::move(nodes));
}

pool_claim claim(std::string_view name, std::initializer_list<int> ports) {
  pool_claim claim;
  claim.service = key(name);
  claim.uid = "uid-" + std::string(name);
  const auto digits = name.substr(std::min(name.find_first_of("0123456789"), name.size()));
  const auto age = "0000" + std::string(digits);
  claim.creation_timestamp = "2024-01-01T00:00:" + age.substr(age.size() - 4) + "Z";
  claim.pool = "shared";
  for (const int port : ports)
    claim.ports.push_back({port, 30000 + port, port});
  return claim;
}

pool_claim with(pool_claim claim, const std::function<void(pool_claim&)>& edit) {
  edit(claim);
  return claim;
}

pool_document pool(const std::string& frontends, const std::string& backends) {
  auto document = pool_document::parse(R"({"apiVersion": "V2", "name": "shared",
    "namespace": "dcos-edgelb/pools", "role": "slave_public", "cpus": 0.9, "mem": 992, "count": 1,
    "constraints": "hostname:UNIQUE", "virtualNetworks": [], "haproxy": {"stats": {"bindPort": 0}}})");
  document["haproxy"]["frontends"] = pool_document::parse(frontends);
  document["haproxy"]["backends"] = pool_document::parse(backends);
  return document;
}

pool_plan_input input(std::optional<pool_document> actual, std::vector<pool_claim> claims,
                      std::set<service_key> releases) {
  pool_plan_input input;
  input.actual = std::move(actual);
  for (auto& each : claims)
    input.claims.push_back(std::make_shared<const pool_claim>(std::move(each)));
  input.releases = std::move(releases);
  return input;
}

std::optional<pool_document> carried_out(const pool_plan_input& before, const pool_plan& plan) {
  switch (plan.action) {
  case pool_action::create:
  case pool_action::replace:
    return plan.document;
  case pool_action::remove:
    return std::nullopt;
  case pool_action::none:
    break;
  }
  return before.actual;
}

pool_plan checked_plan(const pool_plan_input& given, const pool_settings& settings) {
  auto plan = plan_pool(settings, given);
  EXPECT_EQ(plan.action == pool_action::none, plan.changes.empty());
  auto reversed = given;
  std::reverse(reversed.claims.begin(), reversed.claims.end());
  const auto other = plan_pool(settings, reversed);
  EXPECT_EQ(other.action, plan.action);
  EXPECT_EQ(other.document, plan.document);
  EXPECT_EQ(other.refusals, plan.refusals);
  EXPECT_EQ(other.notices, plan.notices);
  if (plan.plan_again)
    return plan;
  auto next = given;
  next.actual = carried_out(given, plan);
  next.held_ours = given.held_ours || plan.action != pool_action::none;
  const auto again = plan_pool(settings, next);
  EXPECT_EQ(again.action, pool_action::none) << plan.document.dump(2) << again.document.dump(2);
  EXPECT_EQ(again.refusals, plan.refusals);
  EXPECT_EQ(again.notices, plan.notices);
  return plan;
}

const pool_document& find(const pool_document& pool, std::string_view list, std::string_view name) {
  static const pool_document nothing;
  for (const auto& object : objects(pool, list)) {
    if (text(member(object, "name")) == name)
      return object;
  }
  return nothing;
}

std::vector<std::string> names(const pool_document& pool, std::string_view list) {
  std::vector<std::string> result;
  for (const auto& object : objects(pool, list))
    result.emplace_back(text(member(object, "name")));
  return result;
}

pool_document settled(std::vector<pool_claim> claims) {
  auto plan = plan_pool(mesos_mode(), input(std::nullopt, std::move(claims)));
  EXPECT_EQ(plan.action, pool_action::create);
  EXPECT_TRUE(plan.refusals.empty());
  return plan.document;
}

} // namespace dklb::domain::testing
