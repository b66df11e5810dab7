#pragma once

#include "domain/pool/pool_plan.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain::testing {

/// The cluster of every test.
inline constexpr const char* cluster = "dev/kubernetes01";

/// `default/<name>`
service_key key(std::string_view name);

/// The name of an object of `default/<name>`.
std::string own(std::string_view name, int port);

/// Settings of the mesos mode.
pool_settings mesos_mode();
/// A node that was Ready, with its addresses in their order. The first of each family counts.
listed_node ready_node(const std::string& name, const std::vector<std::string>& addresses);
/// Settings of the nodes mode over these nodes.
pool_settings over_nodes(std::vector<listed_node> nodes);
/// The same over nodes with one of these addresses each.
pool_settings nodes_mode(const std::vector<std::string>& addresses);

/// A claim of `default/<name>` on the pool `shared`. The number in the name's end is its age:
/// `a1` is older than `b2`. Every port is bound as it is, with the node port 30000 + port.
pool_claim claim(std::string_view name, std::initializer_list<int> ports);

/// The same claim, edited.
pool_claim with(pool_claim claim, const std::function<void(pool_claim&)>& edit);

/// A pool named `shared` on the host network, with these objects; JSON texts.
pool_document pool(const std::string& frontends = "[]", const std::string& backends = "[]");

/// The plan's input with each claim shared.
pool_plan_input input(std::optional<pool_document> actual, std::vector<pool_claim> claims,
                      std::set<service_key> releases = {});

/// What the pool is once the plan is carried out.
std::optional<pool_document> carried_out(const pool_plan_input& before, const pool_plan& plan);

/// plan_pool() in mesos mode, and what every plan must fulfil: planning over its result is `none`
/// with the same refusals, the claims' order does not matter, and no change goes unexplained.
pool_plan checked_plan(const pool_plan_input& input, const pool_settings& settings = mesos_mode());

/// The frontend or backend of that name; null where there is none.
const pool_document& find(const pool_document& pool, std::string_view list, std::string_view name);

/// The names in `list`, in order.
std::vector<std::string> names(const pool_document& pool, std::string_view list);

/// A pool that already is what these claims make of it.
pool_document settled(std::vector<pool_claim> claims);

} // namespace dklb::domain::testing
