#pragma once

#include "messages/actors.hpp"

#include <functional>
#include <string>
#include <vector>

namespace dklb::messages {

/// The handles of the actors that others send to. Immutable. The supervisor announces a new
/// directory (directory_changed) when it has replaced one of these actors. Any thread.
struct directory {
  supervisor_actor supervisor;
  kube_gateway_actor kube;
  edgelb_gateway_actor edgelb;
  inventory_actor inventory;
  service_watcher_actor watcher;
  event_recorder_actor recorder;
  std::vector<status_writer_actor> writers; ///< one per shard
  std::vector<pool_poller_actor> pollers;   ///< one per shard

  /// The status writer of the Service's shard.
  const status_writer_actor& writer_of(const domain::service_key& service) const {
    return writers[std::hash<domain::service_key>{}(service) % writers.size()];
  }
  /// The poller of the pool's shard.
  const pool_poller_actor& poller_of(const std::string& pool) const {
    return pollers[std::hash<std::string>{}(pool) % pollers.size()];
  }
};

} // namespace dklb::messages
