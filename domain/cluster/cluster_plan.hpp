#pragma once

#include "domain/config/config.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/service/service_phase.hpp"
#include "domain/service/service_plan.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace dklb::domain {

/// What both servers say at one time.
struct cluster_state {
  std::vector<service> services;
  std::map<std::string, pool_document> pools; ///< all that EdgeLB has, by name
};

/// What must be done to one pool.
struct planned_pool {
  std::string name;
  pool_action action = pool_action::none;
  bool relaunches = false; ///< as in pool_plan
  std::vector<std::string> changes;
};

/// What would become of one Service that is not served, and why.
struct unserved_service {
  service_key service;
  service_report report;
};

struct cluster_plan {
  std::vector<planned_pool> pools;        ///< those that change, by name
  std::vector<unserved_service> unserved; ///< by Service
  /// Objects of Services that are gone which stay as they are (`orphans.mode: report`).
  std::vector<std::string> left;
};

/// What dklb would write to EdgeLB if it started now, all pools at once: the decisions of the
/// actors in one call. It knows of a Service what a restarted dklb knows. A name that has to be
/// generated is made up; the one that is written will have another suffix.
/// Source: docs/plan.md.
cluster_plan plan_cluster(const config& settings, const std::vector<std::string>& node_addresses,
                          const cluster_state& state);

/// For people: a line a change, then a line for each Service that is not served.
std::string plan_as_table(const cluster_plan& plan);
nlohmann::json plan_as_json(const cluster_plan& plan);

} // namespace dklb::domain
