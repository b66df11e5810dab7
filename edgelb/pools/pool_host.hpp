#pragma once

#include "edgelb/haproxy/haproxy.hpp"
#include "edgelb/pools/planner.hpp"
#include "edgelb/pools/pool_store.hpp"
#include "edgelb/pools/tasks.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

/// An instance of a pool, for metrics.
struct instance_view {
  std::string id;               ///< the name of its folder
  std::filesystem::path folder; ///< names the processes, and has the socket of HAProxy's exporter
  bool draining = false;        ///< replaced; it serves its last connections
  std::uint64_t restarts = 0;
  std::uint64_t reloads = 0;
};

/// The state of a pool after its last finished change. Readers hold it without a lock.
struct pool_view {
  document pool;
  std::optional<document> metadata;     ///< absent until an instance has served
  std::string waits_because;            ///< why an instance is pending; empty if none is
  std::string configuration;            ///< of the first instance; empty if none is placed
  std::map<std::string, int> ports;     ///< by listener key
  std::vector<instance_view> instances; ///< those that are placed, and those that drain
  int waiting = 0;                      ///< instances without a place
};

} // namespace dklb::edgelb
