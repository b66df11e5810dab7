#pragma once

#include "domain/base/error.hpp"
#include "domain/cluster/node_list.hpp"
#include "domain/pool/pool_claim.hpp"
#include "domain/service/service.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// A pool document as EdgeLB gave it. It is edited, never rebuilt from structs, so that what dklb
/// does not know survives, order included (invariant 2).
using pool_document = nlohmann::ordered_json;

enum class backend_mode { mesos, nodes };

/// What is the same for all pools of this process.
struct pool_settings {
  std::string cluster;
  std::string pool_group = "dcos-edgelb/pools";
  int default_size = 1;
  backend_mode mode = backend_mode::mesos;
  /// Loopback and link-local addresses in a pool's metadata are published too.
  bool publish_local_addresses = false;
  /// Used with backend_mode::nodes. Null: not known yet.
  std::shared_ptr<const node_list> nodes;
};

/// The plan's input. `claims` are those present; a Service in `releases` gives up whatever it owns.
/// A paused claim is neither accepted nor refused: what the pool has of its Service stays as it is.
/// Objects of a Service of this cluster that is in neither are left alone: absence of a claim never
/// removes anything (a pool actor that was restarted does not know all of its claims yet).
struct pool_plan_input {
  /// The pool as EdgeLB has it now; nothing where it does not exist.
  std::optional<pool_document> actual;
  std::vector<std::shared_ptr<const pool_claim>> claims;
  std::set<service_key> releases;
  /// Services whose claim the server refused last time; the plan leaves them out (their objects
  /// that are already in the pool stay) so that they cannot hold the pool hostage.
  std::set<service_key> excluded;
  /// dklb created this pool, or it held an object of this cluster before.
  bool held_ours = false;
  /// A Service that gives the pool up had strategies.creation Never: the pool is somebody's own
  /// and stays, even with nothing in it. (A claim in `claims` says so by itself.)
  bool keep_when_empty = false;
  /// The creation strategy of a Service in `releases` is not known: a pool that this plan empties
  /// is deleted only where it is as dklb creates pools.
  bool strategy_unknown = false;
};

/// Adds a Service that gives the pool up, with its creation strategy where that is known.
void add_release(pool_plan_input& input, const service_key& service,
                 std::optional<creation_strategy> creation);

enum class pool_action { none, create, replace, remove };

const char* to_string(pool_action action);

/// Why a claim is not in the pool.
enum class refusal_reason { port_conflict, pool_conflict, creation_forbidden, invalid };

struct claim_refusal {
  refusal_reason reason = refusal_reason::invalid;
  /// For people: the cause, the other party by name, and the next step.
  std::string message;

  friend bool operator==(const claim_refusal&, const claim_refusal&) = default;
};

/// What a Service in the pool is to know of its nodes.
struct node_notice {
  bool none = false; ///< no node can take its traffic: it is not provisioned
  /// For people. Otherwise which nodes are left out, and why.
  std::string message;

  friend bool operator==(const node_notice&, const node_notice&) = default;
};

/// Whoever carries a plan out takes it apart by structured binding in one place, so that a new
/// field does not compile until it is obeyed.
struct pool_plan {
  pool_action action = pool_action::none;
  /// What to send with create and replace.
  pool_document document;
  /// Why, one line a change, for logs and `/pools/{name}`.
  std::vector<std::string> changes;
  /// The refused claims; every other claim of the input (not excluded, not paused) is accepted.
  std::map<service_key, claim_refusal> refusals;
  /// True where the plan touches the pool section (cpus, mem, count, ...), which relaunches it.
  bool relaunches = false;
  /// True with `remove` where a refused claim is left that may create the pool anew: plan again
  /// once it is gone.
  bool plan_again = false;
  /// What the Services that are accepted are to know of their nodes, by their families; none for
  /// families whose nodes are all well.
  std::map<ip_families, node_notice> notices;
};

/// The whole policy of one pool: what it must become, given what it is and who wants what.
/// Pure and idempotent: planning over its own result is `none` (after `remove`, see `plan_again`);
/// the order of claims is irrelevant. Takes any JSON as the actual pool and never throws over it.
/// Source: docs/guide.md, "Sharing", and the ownership rules of domain/base/names.hpp.
pool_plan plan_pool(const pool_settings& settings, const pool_plan_input& input);

/// Every Service of this cluster that owns a frontend or backend in the document.
std::set<service_key> owners_in(std::string_view cluster, const pool_document& document);

} // namespace dklb::domain
