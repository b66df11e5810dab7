#pragma once

#include "actors/base/base.hpp"
#include "domain/base/echo_guard.hpp"
#include "domain/base/rare.hpp"
#include "domain/base/retry_policy.hpp"
#include "domain/service/service_phase.hpp"
#include "domain/service/service_plan.hpp"
#include "domain/service/service_timeline.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::actors {

/// One Service of type LoadBalancer. It asks the domain for the next step on the newest snapshot
/// and carries it out: one patch, claim or clean-up at a time.
class service_state : public actor_base {
public:
  using self_pointer = messages::service_actor::stateful_pointer<service_state>;
  explicit service_state(self_pointer self) : self_(self) {}
  ~service_state();

  void start(const messages::service_ptr& object, runtime_ptr shared, directory_ptr handles,
             bool open);
  void changed(const messages::service_ptr& object);
  void gone();
  void objects_found(const std::vector<std::string>& pools);
  void directory_changed(const messages::directory_changed& what);
  void gate_changed(const messages::gate_changed& what);
  void settled(const messages::claim_settled& what);
  void delayed(const messages::claim_delayed& what);
  void published(const messages::addresses_published& what);
  void ticked(const messages::tick& what);
  void actor_down(const caf::actor_addr& source);
  messages::explanation explain() const;

private:
  enum tick_kind : std::uint32_t { retry, grace, echo, claim, find, release_again };
  /// Since the last success.
  struct failing {
    std::optional<domain::backoff> backoff; ///< absent where it is the pool that tries again
    std::uint32_t attempts = 0;
    std::chrono::system_clock::time_point next;
  };
  /// A pool that it gives up.
  struct leaving {
    messages::pool_actor pool; ///< null while it is asked for
    std::optional<domain::creation_strategy> creation;
  };
  /// The newest of the object whose claims these are.
  const domain::service& subject() const { return *former_ ? **former_ : *object_; }
  const domain::service_key& key() const { return subject().key; }
  const std::string& uid() const { return subject().uid; }
  bool has_addresses() const { return addresses_ && !addresses_->empty(); }

  // the next step
  void pump();
  void carry_out(domain::ignore_service step);
  void carry_out(const domain::clean_up_service& step);
  void carry_out(domain::refuse_service step);
  void carry_out(domain::patch_service step);
  void carry_out(domain::pause_service step);
  void carry_out(domain::claim_pool_part step);
  void patched(const domain::service& before, const domain::patch_service& step,
               const domain::result<messages::service_ptr>& outcome, bool news);
  void adopt(const messages::service_ptr& object);
  void keep_former();
  void track();
  void retry_later(const domain::error& failure);

  // claims and releases
  bool holds(const messages::pool_actor& pool) const;
  void hold(messages::pool_actor& place, const messages::pool_actor& pool);
  void let_go(messages::pool_actor& place);
  void send_claim();
  void hold_claim(const messages::claim_ptr& standing, bool paused);
  void release(const std::string& pool, std::optional<domain::creation_strategy> creation);
  void release_from(const messages::pool_actor& pool, const std::string& name);
  void release_waiting();
  std::optional<domain::creation_strategy> strategy_on_leaving(const std::string& pool) const;
  void lose_service();
  void not_releasing(const std::string& pool);
  void released(const std::string& pool);
  void find_pools_to_clean();
  void clean_up_pools(std::vector<std::string> pools);
  void clean_up_done();
  void forget_claim();
  void no_longer_served();
  void leave_others();

  // what the user is told
  void gate_delayed(const std::string& why);
  void resume();
  void report(const domain::service_report& what, bool warning, bool blocking);
  void note(const domain::service_report& what);
  void measure(domain::service_phase phase);
  void emit(bool warning, std::string_view reason, const std::string& message);
  void say(std::optional<domain::condition_update> condition, bool blocking);

  // Ten thousand of them stay in memory: what most have no use for takes a pointer's room.
  bool busy_ = false;
  bool planned_ = false; ///< the plan of the present snapshot is carried out or under way
  bool cleaning_ = false;
  bool finding_ = false; ///< it is not known yet which pools to clean
  bool cleaned_ = false;
  bool served_ = false;  ///< EdgeLB serves claim_
  bool stopped_ = false; ///< the present annotation is refused or paused
  bool moved_ = false;   ///< the addresses in its status may be those of the pool it left
  bool said_something_ = false;
  domain::service_phase phase_ = domain::service_phase::waiting;
  std::uint32_t retry_epoch_ = 0;
  std::uint32_t grace_epoch_ = 0;
  self_pointer self_;
  messages::service_ptr object_;               ///< the newest snapshot; null once it is deleted
  domain::rare<messages::service_ptr> former_; ///< of the object before it; null where it is that
  domain::echo_guard<domain::service> writes_;
  messages::claim_ptr claim_;
  /// What EdgeLB served before claim_, while it does not serve that: a user whose claim is refused
  /// may choose another pool.
  domain::rare<messages::claim_ptr> served_before_;
  messages::pool_actor pool_;
  domain::rare<std::map<std::string, leaving>> releasing_;
  domain::rare<std::vector<std::string>> found_; ///< pools with its objects, to compare with claim_
  messages::addresses_ptr addresses_;
  domain::rare<failing> failing_;
  std::size_t last_event_ = 0; ///< a digest of its reason and message
  domain::rare<domain::service_timeline> timeline_;
  /// From the first step on: a standby counts no Services.
  std::unique_ptr<service_meter> meter_;
};

messages::service_actor::behavior_type service(service_state::self_pointer self,
                                               messages::service_ptr object, runtime_ptr run,
                                               directory_ptr peers, bool gate_open);

} // namespace dklb::actors
