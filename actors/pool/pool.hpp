#pragma once

#include "actors/base/base.hpp"
#include "domain/pool/pool_machine.hpp"

#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dklb::actors {

/// What a pool actor needs beside its name.
struct pool_arguments {
  runtime_ptr run;
  directory_ptr peers;
  bool gate_open = false;
  std::shared_ptr<const domain::node_list> nodes;
};

/// One EdgeLB pool. It carries out what domain::pool_machine decides, and knows which actor made
/// which claim and who waits for which release (docs/architecture.md, "The pool").
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
  using machine = domain::pool_machine;
  struct last_write {
    std::chrono::system_clock::time_point at;
    std::string cause;
  };

  void carry_out(machine::effects effects);
  void perform(const domain::pool_effects::recall& what);
  void perform(const domain::pool_effects::read& what);
  void perform(domain::pool_effects::write& what);
  void perform(domain::pool_effects::note_write& what);
  void perform(domain::pool_effects::report_seen& what);
  void perform(domain::pool_effects::settle_claim& what);
  void perform(domain::pool_effects::delay_claim& what);
  void perform(domain::pool_effects::confirm_release& what);
  void perform(const domain::pool_effects::await_room& what);
  void perform(domain::pool_effects::find_port_users& what);
  void perform(domain::pool_effects::poll_metadata& what);
  void perform(domain::pool_effects::arm_timer& what);
  void perform(domain::pool_effects::note_failure& what);
  void perform(const domain::pool_effects::note_success& what);
  void perform(const domain::pool_effects::warn& what);
  void perform(const domain::pool_effects::log_retry& what);
  void perform(domain::pool_effects::report_denied& what);
  void perform(const domain::pool_effects::quit& what);
  void read_answered(domain::result<messages::snapshot_ptr> outcome);
  void write_answered(domain::result<messages::snapshot_ptr> outcome);
  domain::pool_timing timing() const;
  double random() const { return static_cast<double>(run->random() % 1000) / 1000.0; }
  nlohmann::json summary() const;
  void explain_documents(const std::shared_ptr<inquiry>& asked);
  std::string trouble_source() const { return std::string{"pool "} + own_name(); }

  self_pointer self_;
  std::optional<machine> machine_; ///< from start() on
  std::map<domain::service_key, messages::service_actor> owners_;
  std::map<domain::service_key, std::vector<caf::typed_response_promise<messages::pool_released>>>
    promises_;
  std::uint64_t writes_ = 0;
  std::optional<last_write> last_write_;
};

messages::pool_actor::behavior_type pool(pool_state::self_pointer self, const std::string& name,
                                         pool_arguments arguments);

} // namespace dklb::actors
