#pragma once

#include "messages/allow.hpp"
#include "messages/messages.hpp"

#include <caf/typed_actor.hpp>

/// Every typed actor handle of the process: the messages that an actor accepts, and its answers.
/// "One per shard": a Service or pool always belongs to the same one (messages/directory.hpp).
namespace dklb::messages {

/// The part of the interface that all actors have. The introspection actor uses it.
using describable_actor = caf::typed_actor<caf::replies_to<describe>::with<actor_description>>;

/// One. Turns requests into calls of the EdgeLB API, and answers when EdgeLB has answered.
using edgelb_gateway_actor = describable_actor::extend<
  caf::replies_to<read_pool>::with<pool_answer>, caf::replies_to<write_pool>::with<pool_answer>,
  caf::replies_to<read_metadata>::with<metadata_answer>,
  caf::replies_to<read_inventory>::with<inventory_answer>, caf::reacts_to<call_completed>>;

/// One. Turns requests into calls of the Kubernetes API, one object each. The list and watch do not
/// go through it (actors/service/intake.hpp).
using kube_gateway_actor =
  describable_actor::extend<caf::replies_to<read_service>::with<service_answer>,
                            caf::replies_to<patch_service_object>::with<service_answer>,
                            caf::replies_to<patch_service_status>::with<service_answer>,
                            caf::replies_to<send_event>::with<event_answer>,
                            caf::replies_to<exchange_object>::with<object_answer>,
                            caf::reacts_to<call_completed>>;

/// One. Reads all pools of EdgeLB once a resync period. Notifies the pools that differ from what
/// their actors saw last, and has the objects of deleted Services removed.
using inventory_actor = describable_actor::extend<
  caf::reacts_to<directory_changed>, caf::reacts_to<gate_changed>,
  // from pool actors; find_pools from service actors
  caf::reacts_to<pool_seen>, caf::reacts_to<pool_closed>, caf::reacts_to<await_room>,
  caf::replies_to<find_port_users>::with<port_users>,
  caf::replies_to<recall_pool>::with<recalled_pool>, caf::replies_to<find_pools>::with<pools_found>,
  caf::reacts_to<refresh_inventory>, caf::reacts_to<settings_changed>, caf::reacts_to<tick>>;

/// One per Service of type LoadBalancer. Takes the Service from its first snapshot to provisioned
/// and, at its deletion, to the release of all its pools.
using service_actor =
  describable_actor::extend<caf::reacts_to<service_changed>, caf::reacts_to<service_gone>,
                            caf::reacts_to<objects_found>, caf::reacts_to<directory_changed>,
                            caf::reacts_to<gate_changed>,
                            // from its pool
                            caf::reacts_to<claim_settled>, caf::reacts_to<claim_delayed>,
                            // from its status writer
                            caf::reacts_to<addresses_published>, caf::reacts_to<tick>,
                            caf::replies_to<explain>::with<explanation>>;

/// One. Starts a service actor for each Service that the watch shows, forwards snapshots to it, and
/// restarts it after a failure.
using service_watcher_actor = describable_actor::extend<
  // the first four from the watch, on the engine's thread
  caf::reacts_to<service_observed>, caf::reacts_to<service_vanished>, caf::reacts_to<intake_synced>,
  caf::reacts_to<intake_troubled>, caf::reacts_to<directory_changed>, caf::reacts_to<gate_changed>,
  caf::reacts_to<retry_service>, caf::replies_to<check_owners>::with<orphans>>;

/// One per EdgeLB pool. Serializes all mutations of the pool: at most one operation is in flight.
using pool_actor = describable_actor::extend<
  caf::reacts_to<claim_pool>, caf::replies_to<release_pool>::with<pool_released>,
  caf::reacts_to<pool_drifted>, caf::reacts_to<nodes_changed>, caf::reacts_to<directory_changed>,
  caf::reacts_to<gate_changed>, caf::reacts_to<tick>, caf::replies_to<explain>::with<explanation>>;

/// One per shard of the pools. Reads the metadata of its pools and reports the addresses of each
/// Service to the Service's status writer.
using pool_poller_actor = describable_actor::extend<
  caf::reacts_to<poll_pool>, caf::replies_to<find_addresses>::with<addresses_found>,
  caf::reacts_to<directory_changed>, caf::reacts_to<gate_changed>, caf::reacts_to<tick>>;

/// One per shard of the Services. Writes the status of its Services: one patch in flight for each.
using status_writer_actor =
  describable_actor::extend<caf::reacts_to<track_status>, caf::reacts_to<untrack_status>,
                            caf::reacts_to<addresses_observed>, caf::reacts_to<report_condition>,
                            caf::reacts_to<report_remark>, caf::reacts_to<withdraw_status>,
                            caf::reacts_to<directory_changed>, caf::reacts_to<gate_changed>,
                            caf::reacts_to<retry_service>, caf::reacts_to<echo_overdue>>;

/// One. Writes Kubernetes events from a bounded queue. If the queue is full, it drops events.
using event_recorder_actor =
  describable_actor::extend<caf::reacts_to<record_event>, caf::reacts_to<directory_changed>,
                            caf::reacts_to<call_completed>, caf::reacts_to<tick>>;

/// One. Starts, monitors and restarts the other actors, and opens the gate: no actor writes to
/// EdgeLB or a Service before (docs/architecture.md, "The gate").
using supervisor_actor =
  describable_actor::extend<caf::replies_to<ensure_pool>::with<pool_actor>,
                            caf::replies_to<child_failed>::with<restart_verdict>,
                            caf::reacts_to<intake_synced>, caf::reacts_to<access_denied>,
                            caf::reacts_to<settings_changed>, caf::reacts_to<config_rejected>,
                            caf::reacts_to<inventory_synced>, caf::reacts_to<inventory_troubled>,
                            caf::reacts_to<pool_drifted>, caf::reacts_to<nodes_changed>,
                            caf::reacts_to<leadership_changed>, caf::reacts_to<restart_child>,
                            caf::replies_to<check_health>::with<health>, caf::reacts_to<shut_down>>;

/// None without leader election, else one. Takes and renews the Lease. A process that does not hold
/// it writes no pool and no Service.
using leader_elector_actor =
  describable_actor::extend<caf::reacts_to<tick>, caf::reacts_to<call_completed>,
                            caf::replies_to<resign_leadership>::with<resigned>>;

/// None without `webhook.register`, else one. Keeps the webhook's two configuration objects in the
/// cluster while this process leads.
using webhook_registrar_actor =
  describable_actor::extend<caf::reacts_to<leadership_changed>, caf::reacts_to<settings_changed>,
                            caf::reacts_to<tick>>;

/// One. Collects the answers of the live actors for the introspection pages.
using introspection_actor = describable_actor::extend<
  caf::replies_to<view_actors>::with<view>, caf::replies_to<view_pools>::with<view>,
  caf::replies_to<view_services>::with<view>, caf::replies_to<view_items>::with<live_items>>;

} // namespace dklb::messages
