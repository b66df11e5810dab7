#pragma once

#include "domain/base/names.hpp"
#include "domain/cluster/node_list.hpp"
#include "messages/payload.hpp"

#include <memory>
#include <string>
#include <vector>

/// Events of the Kubernetes list and watch. Sent from the engine's thread.
namespace dklb::messages {

/// Service watch to service_watcher: a Service exists or has changed.
struct service_observed {
  service_ptr object;
};
/// Service watch to service_watcher: a Service was deleted, or a complete list does not have it.
struct service_vanished {
  domain::service_key key;
  std::string uid;
};
/// Service watch to service_watcher: a list is complete, and every Service in it has been sent. The
/// watcher sends the same to the supervisor, which opens the gate on it.
struct intake_synced {};
/// Service watch to service_watcher: a list or watch failed and will be retried. The watcher keeps
/// the message for introspection.
struct intake_troubled {
  std::string message;
};
/// Node watch to supervisor, and supervisor to pools: the nodes have changed in something that
/// pools look at (backendMode nodes only).
struct nodes_changed {
  std::shared_ptr<const domain::node_list> nodes;
};

} // namespace dklb::messages
