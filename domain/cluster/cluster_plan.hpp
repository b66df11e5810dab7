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

/// A snapshot of both servers.
struct cluster_state {
  std::vector<service> services;              ///< all Services of the Kubernetes cluster
  std::map<std::string, pool_document> pools; ///< all pools of EdgeLB, by name
};

/// The change of one pool.
struct planned_pool {
  std::string name;
  pool_action action = pool_action::none;
  bool relaunches = false; ///< as in pool_plan
  std::vector<std::string> changes;
};

/// A Service that would not be served, with its phase and the reason.
struct unserved_service {
  service_key service;
  service_report report;
};

/// What a Service that is served is to know, as its condition would say it.
struct service_remark {
  service_key service;
  std::string text;
};

/// The result of plan_cluster().
struct cluster_plan {
  std::vector<planned_pool> pools;        ///< changed pools, by name
  std::vector<unserved_service> unserved; ///< by Service
  std::vector<service_remark> remarks;    ///< by Service
  /// Objects of deleted Services that are kept (`orphans.mode: report`).
  std::vector<std::string> left;
};

/// The changes that dklb would write to EdgeLB if it started now, for all pools. It calls the same
/// plan_service() and plan_pool() as the actors, with the knowledge of a restarted dklb. A
/// generated pool name is an example: the name that is really written has another suffix.
/// Source: docs/plan.md.
/// `nodes`: null where they are not used (`backendMode: mesos`).
cluster_plan plan_cluster(const config& settings, const std::shared_ptr<const node_list>& nodes,
                          const cluster_state& state);

/// The plan for a terminal: a line per change, then a line per Service that is not served.
std::string plan_as_table(const cluster_plan& plan);
/// The plan for programs (docs/plan.md).
nlohmann::json plan_as_json(const cluster_plan& plan);

} // namespace dklb::domain
