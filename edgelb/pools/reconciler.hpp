#pragma once

#include "edgelb/haproxy/files.hpp"
#include "edgelb/pools/managed_pool.hpp"
#include "edgelb/pools/worker_pool.hpp"

#include <condition_variable>
#include <set>
#include <shared_mutex>
#include <thread>

namespace dklb::edgelb {

/// Settings of a reconciler.
struct reconciler_settings {
  std::filesystem::path state_folder;
  std::filesystem::path tasks_file; ///< empty: no tasks
  std::vector<agent> agents;
  std::chrono::seconds drain_time{3600};
  /// The pause between two checks of instances and files.
  std::chrono::milliseconds interval{500};
};

/// All pools of one state folder. Restores them in open(), serves the API's calls, and keeps the
/// instances running with a thread of its own until stop(). Pools never wait for each other.
/// Thread-safe.
class reconciler {
public:
  /// Locks the state folder, reads its pools, adopts running instances, and ends instances of no
  /// pool. The error has the next step for the operator.
  static domain::result<std::unique_ptr<reconciler>> open(const haproxy_program& program,
                                                          reconciler_settings settings);
  ~reconciler();
  reconciler(const reconciler&) = delete;
  reconciler& operator=(const reconciler&) = delete;

  /// Create or replace a pool from a request's body. They return the completed document when it is
  /// live.
  domain::result<document> create(document given);
  domain::result<document> replace(const std::string& name, document given);
  domain::result<domain::unit> remove(const std::string& name);

  /// One pool. Null if there is none.
  std::shared_ptr<const pool_view> find(const std::string& name) const;
  /// All pools, sorted by name.
  std::vector<std::shared_ptr<const pool_view>> list() const;

  /// True if the instances have HAProxy's exporter.
  bool has_exporter() const { return host_.program.has_exporter(); }

  /// Ends the upkeep. The instances keep running. Idempotent.
  void stop();
  /// stop(), then ends every instance.
  void stop_instances();

private:
  reconciler(const haproxy_program& program, reconciler_settings settings, descriptor lock);

  domain::result<domain::unit> restore();
  /// Ends the running instances that are not in `kept`, except for pools in `damaged`.
  void end_strays(const std::set<std::string>& kept, const std::set<std::string>& damaged,
                  const std::vector<found_process>& running);
  void end_orphans(const std::string& pool);
  void look_after();
  void read_tasks();
  void tend_where_needed();
  std::shared_ptr<managed_pool> pool_named(const std::string& name) const;
  std::shared_ptr<const task_table> tasks() const;

  reconciler_settings settings_;
  descriptor lock_; ///< of the state folder
  pool_store store_;
  planner plans_;
  watched_file tasks_file_;
  pool_host host_;

  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<managed_pool>> pools_;
  /// Running instances of pools whose records are damaged, by pool.
  std::map<std::string, std::vector<haproxy_instance>> orphans_;

  mutable std::mutex tasks_mutex_;
  std::shared_ptr<const task_table> tasks_ = std::make_shared<const task_table>();

  std::mutex busy_mutex_;
  std::set<std::string> busy_; ///< pools in tend() on a worker
  worker_pool workers_{16};

  std::mutex stopping_mutex_;
  std::condition_variable stopping_signal_;
  bool stopping_ = false;
  std::thread upkeep_;
};

} // namespace dklb::edgelb
