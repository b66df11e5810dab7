#pragma once

#include "domain/service/service_machine.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dklb::domain {

/// One event of a service_machine, for its sources alone: takes the event, changes the facts and
/// collects the effects.
class service_transition {
public:
  service_transition(service_facts& facts, const service_surroundings& around)
    : it_(facts), around_(around) {}

  void on(const service_event::begun& event);
  void on(const service_event::seen& event);
  void on(const service_event::deleted& event);
  void on(const service_event::gate_moved& event);
  void on(const service_event::peers_replaced& event);
  void on(const service_event::patch_answered& event);
  void on(const service_event::claim_settled& event);
  void on(const service_event::claim_delayed& event);
  void on(const service_event::released& event);
  void on(const service_event::pools_found& event);
  void on(const service_event::objects_found& event);
  void on(const service_event::addresses_published& event);
  void on(const service_event::timer_due& event);
  void on(const service_event::pool_ended& event);
  void on(const service_event::pool_unavailable& event);

  service_effect::list take() { return std::move(out_); }

private:
  using service_ptr = std::shared_ptr<const service>;
  using claim_ptr = std::shared_ptr<const pool_claim>;
  using strategy = std::optional<creation_strategy>;

  const service& subject() const { return it_.former ? *it_.former : *it_.object; }
  const std::string& uid() const { return subject().uid; }
  bool has_addresses() const { return it_.addresses && !it_.addresses->empty(); }
  bool cleaning() const;
  bool stopped() const;
  bool no_nodes() const;
  template <class Effect>
  void add(Effect effect) {
    out_.emplace_back(std::move(effect));
  }

  // snapshots and the next step
  void plan();
  service_plan_input plan_input() const;
  void carry_out(ignore_service step);
  void carry_out(const clean_up_service& step);
  void carry_out(refuse_service step);
  void carry_out(patch_service step);
  void carry_out(pause_service step);
  void carry_out(claim_pool_part step);
  void patched(const service_facts::writing& sent, const service_ptr& object, bool news);
  void adopt(const service_ptr& object);
  void keep_former();
  void track();
  bool may_put_back();
  void retry_later(const error& failure);

  // claims and releases
  void hold_claim(const claim_ptr& standing, bool paused);
  void send_claim();
  void release(const std::string& pool, strategy creation);
  void release_unavailable();
  service_facts::leaving* leaving(const std::string& pool);
  void end_release(const std::string& pool);
  strategy strategy_on_leaving(const std::string& pool) const;
  void lose_service();
  void clean_up(std::vector<std::string> pools);
  void clean_up_done();
  void forget_claim(bool leave_objects);
  void no_longer_served();
  void leave_others();

  // what the user is told
  void resume();
  void report(const service_report& what, bool warning, bool blocking);
  void note(const service_report& what);
  void measure(service_phase phase);
  void emit(bool warning, std::string_view reason, const std::string& message);
  void say(std::optional<condition_update> condition, bool blocking);
  void remark_claim(const std::vector<std::string>& remarks);
  void remark_nodes(std::shared_ptr<const node_notice> notice);
  void tell_remarks();
  void failing_at_pool(std::uint32_t attempts, std::chrono::milliseconds retry_in);

  service_facts& it_;
  const service_surroundings& around_;
  service_effect::list out_;
};

} // namespace dklb::domain
