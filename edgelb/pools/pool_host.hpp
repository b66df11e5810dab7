#pragma once

#include "edgelb/haproxy/haproxy.hpp"
#include "edgelb/pools/planner.hpp"
#include "edgelb/pools/pool_store.hpp"
#include "edgelb/pools/tasks.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace dklb::edgelb {

/// What all pools share. Must outlive them.
struct pool_host {
  const haproxy_program& program;
  const pool_store& store;
  planner& plans;
  std::filesystem::path instances; ///< a folder per instance
  std::filesystem::path scratch;
  std::chrono::seconds drain_time{3600};
  /// The tasks as they are now; never null. Any thread.
  std::function<std::shared_ptr<const task_table>()> tasks;
};

/// What readers see of a pool: the state after its last finished change.
struct pool_view {
  document pool;
  std::optional<document> metadata; ///< absent until an instance has served
  std::string waits_because;        ///< why an instance has no place; empty where each has one
  std::string configuration;        ///< of the first instance; empty where none is placed
  std::map<std::string, int> ports; ///< by listener key
};

} // namespace dklb::edgelb
