#pragma once

#include "actors/base/base.hpp"
#include "domain/base/retry_policy.hpp"
#include "domain/pool/claim_book.hpp"
#include "domain/pool/wake_timer.hpp"

#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dklb::actors {

/// What a pool actor needs beside its name.
struct pool_arguments {
  runtime_ptr run;
  directory_ptr peers;
  bool gate_open = false;
  std::shared_ptr<const std::vector<std::string>> nodes;
};

/// One EdgeLB pool. All claims on it meet here; at most one operation is in flight, and whatever
/// comes meanwhile goes out together in the next write (docs/architecture.md, "The pool").
class pool_state : public actor_base {
public:
  using self_pointer = messages::pool_actor::stateful_pointer<pool_state>;
  explicit pool_state(self_pointer self) : self_(self) {}

  void start(const std::string& name, pool_arguments arguments);
  void claim(const messages::claim_pool& what);
  caf::typed_response_promise<messages::pool_released> release(const messages::release_pool& what);
  void drifted();
  void directory_changed(const messages::directory_changed& what);
  void nodes_changed(const messages::nodes_changed& what);
  void gate_changed(bool open);
  void ticked(const messages::tick& what);
  caf::typed_response_promise<messages::explanation> explain(bool documents);

private:
  struct inquiry;
  using verdicts =
    std::vector<std::pair<domain::service_key, std::optional<domain::claim_refusal>>>;
  /// What a round may begin with: the inventory is asked, a pool that does not exist is planned at
  /// once, and any other pool is read.
  enum class knowledge { unknown, absent, outdated };
  enum tick_kind : std::uint32_t { wake, retry_faulty };
  struct last_write {
    std::chrono::system_clock::time_point at;
    std::string cause;
  };
  /// What is left to do of a plan once EdgeLB has it.
  struct planned_round {
    domain::pool_action action = domain::pool_action::none;
    std::string cause;
    std::map<domain::service_key, domain::claim_refusal> refusals;
    bool plan_again = false;
  };
  using round_ptr = std::shared_ptr<const planned_round>;
  struct claimant {
    messages::claim_ptr claim;
    messages::service_actor actor;
  };

  void pump();
  void arm(tick_kind kind, domain::wake_timer& timer, milliseconds due);
  std::vector<claimant>::iterator place_of(const domain::service_key& key);
  /// The actor whose claim it is, null where that is not known.
  messages::service_actor owner_of(const domain::service_key& key);
  void release_ended(const domain::service_key& key);
  domain::backoff_settings delays() const;
  void recall();
  void read();
  void read_ended(domain::result<messages::snapshot_ptr> outcome);
  void plan_round();
  bool needs_read(const domain::pool_plan& plan) const;
  domain::pool_plan_input plan_input(std::optional<domain::pool_document> actual) const;
  domain::pool_plan make_plan(const domain::pool_plan_input& input) const;
  void carry_out(domain::pool_plan plan);
  void write(domain::pool_document document, round_ptr round);
  void write_ended(const planned_round& round, domain::result<messages::snapshot_ptr> outcome);
  void learn(messages::snapshot_ptr pool);
  void round_succeeded(const planned_round& round);
  verdicts settle_claims(const planned_round& round);
  void confirm_releases();
  void round_failed(const domain::error& failure, bool was_write);
  void find_fault(const domain::error& failure);
  void try_faulty_later();
  void refuse(const domain::service_key& key, const std::string& words);
  void delay(const domain::error& failure);
  void tell(const domain::service_key& key, std::optional<domain::claim_refusal> refusal,
            bool by_edgelb = false);
  void update_poller(bool now);
  void end_if_unused();
  nlohmann::json summary() const;
  void explain_documents(const std::shared_ptr<inquiry>& asked);
  std::string trouble_source() const { return std::string{"pool "} + own_name(); }

  self_pointer self_;
  std::shared_ptr<const std::vector<std::string>> nodes_;
  domain::claim_book book_;
  std::vector<claimant> claimants_; ///< sorted by Service
  std::map<domain::service_key, std::vector<caf::typed_response_promise<messages::pool_released>>>
    promises_;
  std::vector<messages::claim_ptr> polled_; ///< what the poller was told
  messages::snapshot_ptr last_;             ///< as this round knows it; null: absent, or no round
  bool read_ = false;                       ///< EdgeLB was asked for it in this round
  knowledge known_ = knowledge::unknown;
  bool held_ours_ = false;
  bool dirty_ = false;
  bool busy_ = false;
  std::uint64_t planned_ = 0;
  std::set<domain::service_key> planned_releases_;
  milliseconds not_before_{};
  domain::wake_timer wake_timer_;
  domain::wake_timer retry_timer_;
  milliseconds faulty_at_{}; ///< when those that EdgeLB refused are tried again; 0: nobody waits
  std::unique_ptr<domain::backoff> backoff_; ///< since the last success, null where nothing failed
  std::unique_ptr<domain::backoff> faulty_backoff_;
  std::uint64_t writes_ = 0;
  std::optional<last_write> last_write_;
};

messages::pool_actor::behavior_type pool(pool_state::self_pointer self, const std::string& name,
                                         pool_arguments arguments);

} // namespace dklb::actors
