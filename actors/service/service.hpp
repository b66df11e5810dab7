#pragma once

#include "actors/base/base.hpp"
#include "domain/service/service_machine.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace dklb::actors {

/// One Service of type LoadBalancer. Its machine decides; the actor hands it each message as an
/// event and carries its effects out. The actor knows the handles that belong to the names, and the
/// monitors, the deadlines and the timers.
class service_state : public actor_base {
public:
  using self_pointer = messages::service_actor::stateful_pointer<service_state>;
  explicit service_state(self_pointer self) : self_(self) {}
  /// A pool outlives most of its Services, so the monitors are taken back: otherwise the pool would
  /// keep something of every Service that it ever had.
  ~service_state();

  void start(const messages::service_ptr& object, runtime_ptr shared, directory_ptr handles,
             bool open);
  void handle(const domain::service_event::any& event);
  void directory_changed(const messages::directory_changed& what);
  void settled(const messages::claim_settled& what);
  void ticked(const messages::tick& what);
  void actor_down(const caf::actor_addr& source);
  messages::explanation explain() const;

private:
  /// The actor of a pool that is asked for a release.
  struct leaving {
    messages::pool_actor pool; ///< null while the supervisor is asked for it
    std::uint32_t turn = 0;    ///< an answer of an earlier turn is dropped
  };

  const domain::service_key& key() const { return machine_.subject().key; }
  domain::service_surroundings surroundings() const;
  void add_pools(domain::service_plan_input& input) const;

  void carry_out(const domain::service_effect::patch_object& effect);
  void carry_out(const domain::service_effect::claim_pool& effect);
  void carry_out(const domain::service_effect::end_claim& effect);
  void carry_out(const domain::service_effect::release_pool& effect);
  void carry_out(const domain::service_effect::end_release& effect);
  void carry_out(const domain::service_effect::find_pools& effect);
  void carry_out(const domain::service_effect::track& effect);
  void carry_out(const domain::service_effect::untrack& effect);
  void carry_out(const domain::service_effect::withdraw& effect);
  void carry_out(const domain::service_effect::report& effect);
  void carry_out(const domain::service_effect::remark& effect);
  void carry_out(const domain::service_effect::record_event& effect);
  void carry_out(const domain::service_effect::arm_timer& effect);
  void carry_out(const domain::service_effect::measure& effect);
  void carry_out(const domain::service_effect::show& effect);
  void carry_out(const domain::service_effect::keep_error& effect);
  void carry_out(const domain::service_effect::log_failure& effect);
  void carry_out(const domain::service_effect::log_leaving& effect);
  void carry_out(const domain::service_effect::quit& effect);

  void hold(messages::pool_actor& place, const messages::pool_actor& pool);
  void let_go(messages::pool_actor& place);
  void claim_from(const std::string& name, const messages::pool_actor& pool);
  leaving* find_leaving(const std::string& name, std::uint32_t turn);
  void release_from(const std::string& name, std::uint32_t turn,
                    std::optional<domain::creation_strategy> creation);
  void leave_objects(const messages::pool_actor& pool);

  std::uint32_t turns_ = 0; ///< of releases
  /// Of the timer that was armed last, for each purpose.
  std::array<std::uint32_t, domain::service_timers> epochs_{};
  self_pointer self_;
  domain::service_machine machine_;
  messages::pool_actor pool_; ///< that has the claim
  /// By the pool's name. Null: none, as for most Services most of the time.
  std::unique_ptr<std::map<std::string, leaving>> leaving_;
  /// From the first step on: a standby counts no Services.
  std::unique_ptr<service_meter> meter_;
};

messages::service_actor::behavior_type service(service_state::self_pointer self,
                                               messages::service_ptr object, runtime_ptr run,
                                               directory_ptr peers, bool gate_open);

} // namespace dklb::actors
