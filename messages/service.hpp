#pragma once

#include "domain/base/names.hpp"
#include "messages/payload.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Between the watcher and the Service actors.
namespace dklb::messages {

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

} // namespace dklb::messages
