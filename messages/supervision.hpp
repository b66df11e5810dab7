#pragma once

#include "domain/base/error.hpp"
#include "domain/base/names.hpp"

#include <chrono>
#include <string>

/// Between the supervisor and everybody.
namespace dklb::messages {

struct ensure_pool {
  std::string name;
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

} // namespace dklb::messages
