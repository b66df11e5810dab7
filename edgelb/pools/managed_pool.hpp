#pragma once

#include "edgelb/haproxy/haproxy.hpp"
#include "edgelb/pools/pool_host.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// One pool and its instances. Changes of one pool wait for each other; readers never wait.
/// Thread-safe.
class managed_pool {
public:
  managed_pool(const pool_host& host, std::string name);

  /// Goes on with what the state folder says, adopting the instances that run. Before any other
  /// call.
  void restore(pool_record record, const std::vector<found_process>& running);
  /// Makes the pool this completed and checked document; returns once it is live and kept. An error
  /// leaves everything as it was. Nothing at all happens where it says what the pool is already.
  domain::result<document> apply(const document& wanted);
  /// Ends the pool and forgets it; traffic ends at once. 404 where it is gone already.
  domain::result<domain::unit> remove();

  /// True where tend() has something to do; false also while another call is at work.
  bool needs_attention(std::chrono::steady_clock::time_point now);
  /// Restarts instances that died, follows changed tasks, places what waits, clears away what has
  /// drained. Failures are logged and tried again later, with growing pauses.
  void tend(std::chrono::steady_clock::time_point now);
  /// Ends all instances, keeping the pool.
  void stop();

  /// The pool's state; null while it is being created and once it is removed.
  std::shared_ptr<const pool_view> view() const;

private:
  using instance_map = std::map<std::string, std::unique_ptr<haproxy_instance>>;

  /// One instance as it should be.
  struct target {
    instance_slot slot;
    agent where;
    rendered text;
    std::string predecessor; ///< the instance whose sockets it takes over; empty: none
  };
  /// What the pool is to become, and everything that follows from it.
  struct attempt {
    document pool;
    pool_layout layout;
    std::shared_ptr<const task_table> tasks;
    std::vector<target> targets;
    bool kept = false; ///< it is the pool's record now
  };
  /// The way back, should a later step fail.
  using undo_list = std::vector<std::function<void()>>;
  /// After a change that somebody asked for fails, all is as before; upkeep does what it can.
  enum class when_failing { undo, go_on };

  domain::result<domain::unit> realize(const document& wanted, when_failing policy);
  domain::result<domain::unit> carry_out(attempt& change, when_failing policy);
  domain::result<attempt> prepare(const document& wanted) const;
  domain::result<domain::unit> set_targets(attempt& change) const;
  domain::result<rendered> render_for(const attempt& change, const std::string& id,
                                      const agent& where) const;
  domain::result<domain::unit> check(const attempt& change) const;
  domain::result<domain::unit> bring_up(const target& wanted, undo_list& undo);
  domain::result<domain::unit> start(const target& wanted, haproxy_instance& instance,
                                     undo_list& undo);
  domain::result<domain::unit> keep(const attempt& change);
  void settle_plans();
  void drain_replaced();
  void wait_until_freed() const;
  void report_pending(const attempt& change);
  void collect_drained();
  void postpone(std::chrono::steady_clock::time_point now);
  bool anything_dead();
  bool may_try(std::chrono::steady_clock::time_point now) const;
  void publish();
  std::unique_ptr<haproxy_instance> make_instance(const std::string& id) const;

  const pool_host& host_;
  const std::string name_;

  std::mutex working_; ///< held during a change
  std::optional<pool_record> record_;
  instance_map instances_; ///< by folder name; those that drain, too
  int pending_ = 0;
  std::string pending_reason_;
  std::shared_ptr<const task_table> rendered_tasks_;
  bool settled_ = true; ///< false: a tend must realize the record again
  bool removed_ = false;
  std::chrono::milliseconds pause_{0};
  std::chrono::steady_clock::time_point next_try_{};
  bool waits_for_room_ = false;     ///< instances have no place, or the pool as a whole has none
  std::uint64_t releases_seen_ = 0; ///< of the planner, before the last attempt

  mutable std::mutex viewing_;
  std::shared_ptr<const pool_view> view_;
};

} // namespace dklb::edgelb
