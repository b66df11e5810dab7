#pragma once

#include "domain/base/error.hpp"
#include "domain/base/names.hpp"

#include <chrono>
#include <string>

/// Messages to and from the supervisor.
namespace dklb::messages {

/// Service actor or inventory to supervisor: asks for the handle of a pool's actor. The supervisor
/// starts the actor if none runs. If it has failed, the answer waits for the restart.
struct ensure_pool {
  std::string name;
};
/// Watcher to supervisor: a service actor has failed. When may it start again?
struct child_failed {
  std::string kind;
  std::string key;
  std::string reason;
};
/// Answer to child_failed: the delay before the restart. An error if the process ends.
struct restart_verdict {
  std::chrono::milliseconds delay{};
};
/// Inventory to supervisor, after each successful read of the inventory.
struct inventory_synced {};
/// Inventory to supervisor, after each failed read of the inventory. It is retried.
struct inventory_troubled {
  domain::error failure;
};
/// Trouble board to supervisor: a server denied dklb a right, or its credentials. The supervisor
/// records an event about dklb's own Pod.
struct access_denied {
  std::string message;
};
/// Controller to supervisor, which forwards it to the inventory and the webhook registrar: the
/// settings in `runtime::live` have changed. All other actors read them when they use them.
struct settings_changed {};
/// Controller to supervisor: the configuration file was read again and has mistakes. The supervisor
/// records an event about dklb's own Pod.
struct config_rejected {
  std::string message; ///< the mistakes, with file and line
};
/// Leader elector to supervisor, and supervisor to webhook registrar: leadership was gained or
/// lost.
struct leadership_changed {
  bool leader = false;
};
/// Controller to leader elector, at an orderly end: give the Lease back. The answer comes when the
/// API server has answered.
struct resign_leadership {};
/// Answer to resign_leadership, also if the Lease could not be given back.
struct resigned {};
/// Controller to supervisor, at an orderly end: close the gate for good and restart nothing.
struct shut_down {};

} // namespace dklb::messages
