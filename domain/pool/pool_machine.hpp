#pragma once

#include "domain/base/retry_policy.hpp"
#include "domain/pool/claim_book.hpp"
#include "domain/pool/pool_activity.hpp"
#include "domain/pool/pool_effects.hpp"
#include "domain/pool/pool_inventory.hpp"
#include "domain/pool/wake_timer.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dklb::domain {

/// Pauses of a pool (`concurrency.poolWriteGap`, `concurrency.retry`).
struct pool_timing {
  std::chrono::milliseconds write_gap{250}; ///< least pause after a write
  std::chrono::milliseconds retry_base{5000};
  std::chrono::milliseconds retry_max{300000};
};

/// Decides what happens to one EdgeLB pool and when: all claims on it meet here, and at most one
/// operation is in flight. pool_activity.hpp has the table of states. Each event returns its
/// effects, which the caller carries out in order. Time is the caller's monotonic clock; `random`
/// in [0, 1) spreads retries. Not thread-safe.
class pool_machine {
public:
  using time = std::chrono::milliseconds;
  using claim_ptr = claim_book::claim_ptr;
  using snapshot_ptr = std::shared_ptr<const pool_snapshot>;
  using nodes_ptr = std::shared_ptr<const node_list>;
  using effects = std::vector<pool_effect>;

  /// `nodes`: null for those of the settings.
  pool_machine(std::shared_ptr<const pool_settings> settings, nodes_ptr nodes, bool gate_open);

  // -- what others want
  effects claim(claim_ptr claim, time now);
  /// As release_pool: `leave_objects` only forgets the claim.
  effects release(const service_key& service, std::optional<creation_strategy> creation,
                  bool leave_objects, time now);
  /// The pool is not as this machine saw it last, or a port that was refused may be free.
  effects drifted(time now);
  effects nodes_changed(nodes_ptr nodes, time now);
  effects gate_changed(bool open, time now);
  effects poller_replaced();

  // -- answers to effects; `timing`: the pauses as they are configured now
  /// What the inventory knows: a document, or that the pool is absent, or neither.
  effects recalled(snapshot_ptr pool, bool absent, time now);
  effects read_answered(result<snapshot_ptr> outcome, const pool_timing& timing, time now,
                        double random);
  /// The pool as EdgeLB has it now. Null: it was removed.
  effects write_answered(result<snapshot_ptr> outcome, const pool_timing& timing, time now,
                         double random);
  effects users_found(const claim_ptr& claim, const std::string& words,
                      const std::vector<port_user>& users, time now);
  effects timer_due(pool_effects::timer purpose, std::uint64_t epoch, time now);

  pool_activity doing() const { return doing_; }
  const claim_book& book() const { return book_; }
  /// The plan for a pool that is like this. For explanations.
  pool_plan plan_for(std::optional<pool_document> actual) const;

private:
  /// How the next round begins: the inventory is asked, the plan is made at once, or EdgeLB is
  /// asked.
  enum class knowledge { unknown, absent, outdated };
  /// The plan that is carried out.
  struct planned_round {
    pool_action action = pool_action::none;
    std::uint64_t version = 0; ///< of the claims in it
    std::string cause;
    std::map<service_key, claim_refusal> refusals;
    std::set<service_key> releases;
    bool plan_again = false;
    std::map<ip_families, std::shared_ptr<const node_notice>> notices;
  };

  effects done();
  void changed();
  void begin_if_due();
  void read();
  void learn(const snapshot_ptr& pool);
  void plan(const snapshot_ptr& pool);
  pool_plan make_plan(pool_plan_input input, std::optional<pool_document> actual) const;
  void carry_out(pool_plan plan, std::set<service_key> releases);
  void succeeded();
  void settle_claims(const planned_round& what);
  void confirm(const service_key& service);
  void update_poller(bool now);
  void failed(const error& failure, bool was_write);
  void find_fault(const error& failure);
  void try_faulty_later();
  void retry_faulty();
  void delay(const error& failure);
  void arm(pool_effects::timer purpose, wake_timer& which, time due);

  std::shared_ptr<const pool_settings> settings_;
  nodes_ptr nodes_;
  claim_book book_;
  bool gate_open_;
  pool_activity doing_ = pool_activity::idle;
  bool again_ = false; ///< something happened that the round in flight does not know
  bool read_ = false;  ///< this round has read the pool
  knowledge known_ = knowledge::unknown;
  bool held_ours_ = false; ///< see pool_plan_input
  planned_round round_;
  std::vector<claim_ptr> polled_; ///< what the poller was told
  time not_before_{};
  wake_timer wake_;
  wake_timer retry_;
  std::optional<backoff> backoff_; ///< since the last success
  std::optional<backoff> faulty_backoff_;
  time faulty_at_{}; ///< when faulty ones are tried again; 0: there are none
  time now_{};       ///< of the event that is handled
  double random_ = 0;
  pool_timing timing_; ///< of the answer that is handled
  effects effects_;    ///< of that event
};

} // namespace dklb::domain
