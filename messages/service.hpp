#pragma once

#include "domain/base/names.hpp"
#include "messages/payload.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Messages between the watcher, the service actors and the inventory.
namespace dklb::messages {

/// Watcher to service actor: the newest snapshot of its Service.
struct service_changed {
  service_ptr object;
};
/// Watcher to service actor: its Service was deleted.
struct service_gone {};
/// Watcher to service actor, for each check_owners: the inventory shows objects of its Service in
/// these pools.
struct objects_found {
  std::vector<std::string> pools;
};
/// Inventory to watcher, after each read of the inventory: which of these Services does the watcher
/// not know? Each pair is a pool and a Service with objects in it.
struct check_owners {
  std::shared_ptr<const std::vector<std::pair<std::string, domain::service_key>>> owners;
};
/// Answer to check_owners: the pairs whose Service the watcher does not know.
struct orphans {
  std::vector<std::pair<std::string, domain::service_key>> objects;
};

} // namespace dklb::messages
