#pragma once

#include "messages/actors.hpp"

#include <functional>
#include <string>
#include <vector>

namespace dklb::messages {

/// Whom to talk to. Immutable; the supervisor announces a new one when an actor was replaced.
struct directory {
  supervisor_actor supervisor;
  kube_gateway_actor kube;
  edgelb_gateway_actor edgelb;
  inventory_actor inventory;
  service_watcher_actor watcher;
  event_recorder_actor recorder;
  std::vector<status_writer_actor> writers;
  std::vector<pool_poller_actor> pollers;

  /// The status writer in charge of a Service.
  const status_writer_actor& writer_of(const domain::service_key& service) const {
    return writers[std::hash<domain::service_key>{}(service) % writers.size()];
  }
  /// The poller in charge of a pool.
  const pool_poller_actor& poller_of(const std::string& pool) const {
    return pollers[std::hash<std::string>{}(pool) % pollers.size()];
  }
};

} // namespace dklb::messages
