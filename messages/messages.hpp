#pragma once

#include "domain/base/error.hpp"
#include "domain/document/pool_snapshot.hpp"
#include "domain/pool/pool_claim.hpp"
#include "domain/pool/pool_inventory.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/pool/pool_status.hpp"
#include "domain/service/service.hpp"
#include "domain/service/service_plan.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The vocabulary of the actors: one struct a message. Commands are imperative, events are past,
/// replies are nouns. Payloads that several actors hold are shared and immutable.
namespace dklb::messages {

using service_ptr = std::shared_ptr<const domain::service>;
using claim_ptr = std::shared_ptr<const domain::pool_claim>;
using addresses_ptr = std::shared_ptr<const std::vector<domain::ingress>>;
using document_ptr = std::shared_ptr<const domain::pool_document>;
using snapshot_ptr = std::shared_ptr<const domain::pool_snapshot>;
using metadata_ptr = std::shared_ptr<const domain::pool_metadata>;
using json_ptr = std::shared_ptr<const nlohmann::json>;

/// The handles of the actors that others talk to; defined in messages/directory.hpp.
struct directory;

// -- intake: what the API server tells ------------------------------------------------------------

/// A Service exists or changed.
struct service_observed {
  service_ptr object;
};
/// A Service was deleted (or was missing from a complete list).
struct service_vanished {
  domain::service_key key;
  std::string uid;
};
/// A list is complete: everything that exists has been told.
struct intake_synced {};
/// A list or watch failed and is tried again.
struct intake_troubled {
  std::string message;
};
/// The addresses of the ready nodes, sorted (backendMode nodes).
struct nodes_changed {
  std::shared_ptr<const std::vector<std::string>> addresses;
};

// -- to every actor that works -------------------------------------------------------------------

/// Some actor was replaced; use these handles from now on.
struct directory_changed {
  std::shared_ptr<const directory> handles;
};
/// Whether work may be done: leadership held, first Service list and EdgeLB inventory read.
struct gate_changed {
  bool open = false;
  /// Where only this keeps the gate closed, and it fails: what those hear who wait for work to
  /// begin.
  std::string why;
  /// Gone once everybody who was told has handled it; null where nobody asks.
  std::shared_ptr<const void> heard;
};
/// The Services have handled that the gate is open.
struct gate_heard {
  std::uint32_t round = 0; ///< of those messages
};

// -- watcher and service -------------------------------------------------------------------------

struct service_changed {
  service_ptr object;
};
struct service_gone {};
/// The inventory shows objects of this Service in these pools.
struct objects_found {
  std::vector<std::string> pools;
};
/// Asks the watcher which Services of an inventory exist no more.
struct check_owners {
  std::shared_ptr<const std::vector<std::pair<std::string, domain::service_key>>> owners;
};
struct orphans {
  std::vector<std::pair<std::string, domain::service_key>> objects;
};

// -- service and pool ----------------------------------------------------------------------------

/// The sender wants this of the pool from now on; replaces its earlier claim.
struct claim_pool {
  messages::claim_ptr claim;
};
/// The pool as it now stands in EdgeLB serves the claim, or refuses it.
struct claim_settled {
  messages::claim_ptr claim;
  std::optional<domain::claim_refusal> refusal = {};
  /// Where it was EdgeLB that refused: how often by now, and when the pool tries again.
  std::uint32_t attempts = 0;
  std::chrono::milliseconds retry_in{};
};
/// The claim waits because EdgeLB does not take it for now.
struct claim_delayed {
  std::string pool;
  std::string message;
  std::uint32_t attempts = 0;
  std::chrono::milliseconds retry_in{};
};
/// A claim of this Service is on its way (its finalizer is being written), or no longer: a pool
/// whose claims come in together writes them together.
struct announce_claim {
  domain::service_key service;
  bool coming = true;
};
/// Remove everything of this Service from the pool; answered once EdgeLB confirmed it.
struct release_pool {
  domain::service_key service;
  /// Its creation strategy; absent where the sender does not know it.
  std::optional<domain::creation_strategy> creation = {};
  /// Only forget the claim: what is in the pool belongs to the dklb that serves the Service now.
  bool leave_objects = false;
};
struct pool_released {
  std::string pool;
};

// -- pool, poller, status writer -----------------------------------------------------------------

/// Poll this pool's metadata for the Services of these claims, at once where `now`; without any, no
/// more.
struct poll_pool {
  std::string pool;
  std::vector<claim_ptr> claims; ///< sorted by Service
  bool now = false;
};
/// Asks a poller which addresses it has seen in a pool's metadata.
struct find_addresses {
  std::string pool;
};
/// Of the Services that are served, sorted, without duplicates.
struct addresses_found {
  std::vector<domain::ingress> addresses;
};
/// Where a Service can be reached, from its pool's metadata.
struct addresses_observed {
  domain::service_key service;
  std::string uid;
  std::string pool;
  addresses_ptr addresses; ///< null: none is known
  /// Which addresses of the metadata are not published, and why; null: all are.
  std::shared_ptr<const std::string> left_out;
};
/// The status of this Service is the receiver's business from now on; also each newer snapshot.
struct track_status {
  service_ptr object;
};
struct untrack_status {
  domain::service_key service;
  std::string uid;
};
/// What the service actor has to say; a `blocking` one holds although addresses are known, nothing
/// clears it.
struct report_condition {
  domain::service_key service;
  std::string uid;
  std::optional<domain::condition_update> condition;
  bool blocking = false;
};
/// The Service is no longer ours although it lives on: take our addresses off its status.
struct withdraw_status {
  domain::service_key service;
  std::string uid;
};
/// The status shows these addresses now; `written` where this took a patch.
struct addresses_published {
  addresses_ptr addresses;
  bool written = false;
};

// -- inventory -----------------------------------------------------------------------------------

/// What is known of a pool without asking EdgeLB.
struct recall_pool {
  std::string name;
};
struct recalled_pool {
  enum class state { unknown, absent, present };
  state what = state::unknown;
  /// With `present`, and only while the inventory is fresh.
  snapshot_ptr pool;
};
/// A pool as its actor last saw it in EdgeLB; null: it does not exist.
struct pool_seen {
  std::string name;
  snapshot_ptr pool;
};
/// The pool's actor ends: nobody follows this pool any more.
struct pool_closed {
  std::string name;
};
/// EdgeLB refused a write of this pool. Once another pool gives a port up, or goes, this one is
/// told (pool_drifted).
struct await_room {
  std::string pool;
};
/// Which other pools bind these ports on agents of that role.
struct find_port_users {
  std::string pool;
  std::string role;
  std::vector<int> ports;
};
struct port_users {
  std::vector<domain::port_user> users;
};
/// The inventory differs from what the pool's actor last saw: read it again.
struct pool_drifted {
  std::string name;
};
/// Read the inventory again soon, e.g. before a new leader begins.
struct refresh_inventory {};
/// Which pools hold objects of a Service, as of the last inventory.
struct find_pools {
  domain::service_key service;
};
struct pools_found {
  std::vector<std::string> pools;
};

// -- gateways ------------------------------------------------------------------------------------

struct read_pool {
  std::string name;
};
struct write_pool {
  domain::pool_action action = domain::pool_action::none;
  std::string name;
  document_ptr document;
};
/// Null: the pool was removed.
struct pool_answer {
  domain::result<snapshot_ptr> outcome;
};
struct read_metadata {
  std::string pool;
  /// Somebody waits for an address: as urgent as the write before it.
  bool awaited = false;
};
struct metadata_answer {
  domain::result<metadata_ptr> outcome;
};
struct read_inventory {};
/// The body of the answer, not yet parsed.
struct inventory_answer {
  domain::result<std::shared_ptr<const std::string>> outcome;
};

/// Finalizers and annotation in one merge patch, bound to the object's resource version.
struct patch_service_object {
  service_ptr object;
  domain::patch_service patch;
};
struct patch_service_status {
  domain::service_key key;
  std::string patch; ///< strategic merge patch, JSON
};
/// Asks the API server itself, for what the watch has not told yet.
struct read_service {
  domain::service_key key;
};
/// Null, to a read: there is no such Service.
struct service_answer {
  domain::result<service_ptr> outcome;
};

/// A read or a write of any object; a body that is patched in goes out as a merge patch. Writes
/// need leadership.
struct exchange_object {
  std::string method;
  std::string path;
  json_ptr body; ///< null: none
};
struct object_answer {
  domain::result<json_ptr> outcome;
};

/// A gateway's own: a call ended on the engine's thread, `deliver` hands its answer out.
struct call_completed {
  std::function<void()> deliver;
};

// -- events --------------------------------------------------------------------------------------

struct record_event {
  domain::service_key service; ///< or another object of that name
  std::string uid;
  bool warning = false;
  std::string reason;
  std::string message;
  std::string kind = "Service"; ///< of the core API group
};
/// A ready-made write of an Event object.
struct send_event {
  std::string method;
  std::string path;
  std::string content_type;
  std::string body;
};
struct event_answer {
  domain::result<domain::unit> outcome;
};

// -- supervision ---------------------------------------------------------------------------------

struct ensure_pool {
  std::string name;
  /// A claim of this Service is on its way, see announce_claim; told to the pool before the answer.
  std::optional<domain::service_key> coming;
};
/// A service actor died; the watcher asks when to start it again.
struct child_failed {
  std::string kind;
  std::string key;
  std::string reason;
};
struct restart_verdict {
  std::chrono::milliseconds delay{};
};
/// The inventory is read, or EdgeLB fails.
struct inventory_synced {};
struct inventory_troubled {
  domain::error failure;
};
/// dklb was denied something (a right, its credentials) that somebody has to grant.
struct access_denied {
  std::string message;
};
struct leadership_changed {
  bool leader = false;
};
/// Hands leadership back at an orderly end; answered once the Lease says so, or cannot.
struct resign_leadership {};
struct resigned {};
/// Ends everything in order: intake, services, pools, gateways.
struct shut_down {};

// -- introspection -------------------------------------------------------------------------------

struct describe {};
struct actor_description {
  std::string state;
  std::chrono::system_clock::time_point since;
  std::uint64_t mailbox = 0;
  std::uint64_t processed = 0;
  std::string last_error;
};
/// The long form, as JSON; with `documents`, also what must be asked of EdgeLB first.
struct explain {
  bool documents = false;
};
struct explanation {
  json_ptr body;
};
struct check_health {};
struct health {
  bool services_listed = false;
  bool inventory_read = false;
  bool leader = false;
};
/// Which of the introspection's views is wanted, as JSON text.
struct view_actors {
  std::string kind;
  std::string key;
};
struct view_pools {
  std::string name;
};
struct view_services {
  std::string name_space;
  std::string name;
};
struct view {
  int status = 200;
  std::string body;
};

// -- time ----------------------------------------------------------------------------------------

/// A delayed message to oneself. A sent one cannot be recalled, so it carries an epoch, and one of
/// an older epoch is dropped.
struct tick {
  std::uint32_t kind = 0;
  std::uint64_t epoch = 0;
};
struct restart_child {
  std::string kind;
  std::string key;
};
/// The same for one Service: start its actor again, or look at its status again.
struct retry_service {
  domain::service_key key;
};

/// The answer to our own write of a Service's status has come and the watch has not shown the write
/// in time: what the watch told meanwhile holds.
struct echo_overdue {
  domain::service_key key;
};

} // namespace dklb::messages
