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

/// One pool and its instances. The reconciler makes it when the pool is created or restored, and
/// drops it after remove(). Changes of one pool run one after the other; readers never wait.
/// Thread-safe.
class managed_pool {
public:
  managed_pool(const pool_host& host, std::string name);

  /// Continues with a record from the state folder, and adopts the instances that run. To be called
  /// before any other function.
  void restore(pool_record record, const std::vector<found_process>& running);
  /// Changes the pool to this completed and checked document. Returns when the change is live and
  /// saved. After an error, everything is as before. If the document has not changed, does nothing.
  domain::result<document> apply(const document& wanted);
  /// Removes the pool; traffic ends at once. The error is a 404 if it was removed already.
  domain::result<domain::unit> remove();

  /// True if tend() has work to do. False while another call works on the pool.
  bool needs_attention(std::chrono::steady_clock::time_point now);
  /// Restarts failed instances, applies changed tasks, places pending instances, and removes
  /// drained ones. A failure is logged and retried with back-off.
  void tend(std::chrono::steady_clock::time_point now);
  /// Ends all instances, but keeps the pool.
  void stop();

  /// The pool's state. Null while the pool is being created, and after its removal.
  std::shared_ptr<const pool_view> view() const;

private:
  using instance_map = std::map<std::string, std::unique_ptr<haproxy_instance>>;

  /// One instance in its desired state.
  struct target {
    instance_slot slot;
    agent where;
    rendered text;
    std::string predecessor; ///< the instance whose sockets it takes over; empty: none
  };
  /// The desired pool, and the layout, tasks and instances that follow from it.
  struct attempt {
    document pool;
    pool_layout layout;
    std::shared_ptr<const task_table> tasks;
    std::vector<target> targets;
    bool kept = false; ///< it is saved as the pool's record
  };
  /// The steps that undo a change if a later step fails.
  using undo_list = std::vector<std::function<void()>>;
  /// A change over the API is undone when it fails. Upkeep keeps the part that succeeded.
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
  bool drains_due(std::chrono::steady_clock::time_point now) const;
  bool may_try(std::chrono::steady_clock::time_point now) const;
  void publish();
  std::vector<instance_view> instance_views() const;
  std::unique_ptr<haproxy_instance> make_instance(const std::string& id) const;

  const pool_host& host_;
  const std::string name_;

  std::mutex working_; ///< held during a change
  std::optional<pool_record> record_;
  instance_map instances_; ///< by folder name, with draining ones
  int pending_ = 0;
  std::string pending_reason_;
  std::shared_ptr<const task_table> rendered_tasks_;
  bool settled_ = true; ///< false: tend() must realize the record again
  bool removed_ = false;
  std::chrono::milliseconds pause_{0};
  std::chrono::steady_clock::time_point next_try_{};
  bool waits_for_room_ = false;     ///< the pool or some of its instances cannot be placed
  std::uint64_t releases_seen_ = 0; ///< of the planner, before the last attempt

  mutable std::mutex viewing_;
  std::shared_ptr<const pool_view> view_;
};

} // namespace dklb::edgelb
