#pragma once

#include "messages/allow.hpp"
#include "messages/messages.hpp"

#include <caf/typed_actor.hpp>

/// Every typed actor handle of the process: what each understands, and what it answers.
namespace dklb::messages {

/// What every actor answers; introspection asks through this part of its interface.
using describable_actor = caf::typed_actor<caf::replies_to<describe>::with<actor_description>>;

/// The one door to the EdgeLB API; answers come when EdgeLB has answered.
using edgelb_gateway_actor = describable_actor::extend<
  caf::replies_to<read_pool>::with<pool_answer>, caf::replies_to<write_pool>::with<pool_answer>,
  caf::replies_to<read_metadata>::with<metadata_answer>,
  caf::replies_to<read_inventory>::with<inventory_answer>, caf::reacts_to<call_completed>>;

/// The one door to the Kubernetes API for single objects.
using kube_gateway_actor =
  describable_actor::extend<caf::replies_to<read_service>::with<service_answer>,
                            caf::replies_to<patch_service_object>::with<service_answer>,
                            caf::replies_to<patch_service_status>::with<service_answer>,
                            caf::replies_to<send_event>::with<event_answer>,
                            caf::replies_to<exchange_object>::with<object_answer>,
                            caf::reacts_to<call_completed>>;

/// Knows which pools EdgeLB has, reads them all once a resync period, finds drift and orphans.
using inventory_actor = describable_actor::extend<
  caf::reacts_to<directory_changed>, caf::reacts_to<gate_changed>,
  // what a pool actor saw last, for the comparison
  caf::reacts_to<pool_seen>, caf::reacts_to<pool_closed>, caf::reacts_to<await_room>,
  caf::replies_to<find_port_users>::with<port_users>,
  caf::replies_to<recall_pool>::with<recalled_pool>, caf::replies_to<find_pools>::with<pools_found>,
  caf::reacts_to<refresh_inventory>, caf::reacts_to<tick>>;

/// One per Service of type LoadBalancer: walks it from seen to provisioned to gone.
using service_actor =
  describable_actor::extend<caf::reacts_to<service_changed>, caf::reacts_to<service_gone>,
                            caf::reacts_to<objects_found>, caf::reacts_to<directory_changed>,
                            caf::reacts_to<gate_changed>,
                            // from its pool
                            caf::reacts_to<claim_settled>, caf::reacts_to<claim_delayed>,
                            // from its status writer
                            caf::reacts_to<addresses_published>, caf::reacts_to<tick>,
                            caf::replies_to<explain>::with<explanation>>;

/// Turns the Service watch into service actors; starts failed ones again.
using service_watcher_actor = describable_actor::extend<
  caf::reacts_to<service_observed>, caf::reacts_to<service_vanished>, caf::reacts_to<intake_synced>,
  caf::reacts_to<intake_troubled>, caf::reacts_to<directory_changed>, caf::reacts_to<gate_changed>,
  caf::reacts_to<retry_service>, caf::replies_to<check_owners>::with<orphans>>;

/// One per EdgeLB pool: serializes all mutations of it.
using pool_actor = describable_actor::extend<
  caf::reacts_to<claim_pool>, caf::replies_to<release_pool>::with<pool_released>,
  caf::reacts_to<pool_drifted>, caf::reacts_to<nodes_changed>, caf::reacts_to<directory_changed>,
  caf::reacts_to<gate_changed>, caf::reacts_to<tick>, caf::replies_to<explain>::with<explanation>>;

/// A few, sharded by pool: ask for the metadata and report addresses to the status writers.
using pool_poller_actor = describable_actor::extend<
  caf::reacts_to<poll_pool>, caf::replies_to<find_addresses>::with<addresses_found>,
  caf::reacts_to<directory_changed>, caf::reacts_to<gate_changed>, caf::reacts_to<tick>>;

/// A few, sharded by Service: writes status, one patch in flight per Service.
using status_writer_actor =
  describable_actor::extend<caf::reacts_to<track_status>, caf::reacts_to<untrack_status>,
                            caf::reacts_to<addresses_observed>, caf::reacts_to<report_condition>,
                            caf::reacts_to<withdraw_status>, caf::reacts_to<directory_changed>,
                            caf::reacts_to<gate_changed>, caf::reacts_to<retry_service>,
                            caf::reacts_to<echo_overdue>>;

/// Writes events; bounded, never blocks work.
using event_recorder_actor =
  describable_actor::extend<caf::reacts_to<record_event>, caf::reacts_to<directory_changed>,
                            caf::reacts_to<call_completed>, caf::reacts_to<tick>>;

/// Starts, monitors and restarts all of them; knows whether work may be done.
using supervisor_actor =
  describable_actor::extend<caf::replies_to<ensure_pool>::with<pool_actor>,
                            caf::replies_to<child_failed>::with<restart_verdict>,
                            caf::reacts_to<intake_synced>, caf::reacts_to<access_denied>,
                            caf::reacts_to<inventory_synced>, caf::reacts_to<inventory_troubled>,
                            caf::reacts_to<pool_drifted>, caf::reacts_to<nodes_changed>,
                            caf::reacts_to<leadership_changed>, caf::reacts_to<restart_child>,
                            caf::replies_to<check_health>::with<health>, caf::reacts_to<shut_down>>;

/// Holds the Lease or waits for it; nothing is written without it.
using leader_elector_actor =
  describable_actor::extend<caf::reacts_to<tick>, caf::reacts_to<call_completed>,
                            caf::replies_to<resign_leadership>::with<resigned>>;

/// Keeps the webhook's two configurations in the cluster while this process leads.
using webhook_registrar_actor =
  describable_actor::extend<caf::reacts_to<leadership_changed>, caf::reacts_to<tick>>;

/// Asks every live actor to describe itself and puts the answers together.
using introspection_actor = describable_actor::extend<caf::replies_to<view_actors>::with<view>,
                                                      caf::replies_to<view_pools>::with<view>,
                                                      caf::replies_to<view_services>::with<view>>;

} // namespace dklb::messages
