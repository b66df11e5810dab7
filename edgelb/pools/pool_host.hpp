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

/// The objects and settings that all pools share. Must outlive them.
struct pool_host {
  const haproxy_program& program;
  const pool_store& store;
  planner& plans;
  std::filesystem::path instances; ///< a folder per instance
  std::filesystem::path scratch;
  std::chrono::seconds drain_time{3600};
  /// The present tasks; never null. Any thread.
  std::function<std::shared_ptr<const task_table>()> tasks;
};

/// The state of a pool after its last finished change. Readers hold it without a lock.
struct pool_view {
  document pool;
  std::optional<document> metadata; ///< absent until an instance has served
  std::string waits_because;        ///< why an instance is pending; empty if none is
  std::string configuration;        ///< of the first instance; empty if none is placed
  std::map<std::string, int> ports; ///< by listener key
};

} // namespace dklb::edgelb
