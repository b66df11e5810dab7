#pragma once

#include "domain/base/names.hpp"
#include "messages/payload.hpp"

#include <memory>
#include <string>
#include <vector>

/// What the API server tells: Services and nodes.
namespace dklb::messages {

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

} // namespace dklb::messages
