#pragma once

#include "actors/base.hpp"
#include "domain/poll_schedule.hpp"

#include <string>
#include <vector>

namespace dklb::actors {

/// Asks for one pool's metadata and reports what it says to the status writers. It fails on
/// nothing that EdgeLB can answer; should it die all the same, the supervisor starts another, which
/// gets its targets from the pool again.
class pool_poller_state : public actor_base {
public:
  using self_pointer = messages::pool_poller_actor::stateful_pointer<pool_poller_state>;
  explicit pool_poller_state(self_pointer self) : self_(self) {}

  void start(const messages::pool_actor& pool, std::string name, runtime_ptr shared,
             directory_ptr handles, bool open);
  void watch(const messages::poll_services& what);
  void directory_changed(const messages::directory_changed& what);
  void gate_changed(bool open);
  void ticked(const messages::tick& what);

private:
  struct target {
    messages::claim_ptr claim;
    messages::addresses_ptr addresses; ///< null: not known yet
  };

  void poll();
  void answered(const domain::result<messages::json_ptr>& outcome);
  void report(const target& item);
  void poll_in(milliseconds delay);
  bool settled() const;

  self_pointer self_;
  std::vector<target> targets_;
  domain::poll_schedule schedule_{milliseconds{1000}, milliseconds{120000}};
  std::uint64_t epoch_ = 0;
  bool busy_ = false;
  bool again_ = false;
};

messages::pool_poller_actor::behavior_type pool_poller(pool_poller_state::self_pointer self,
                                                       const messages::pool_actor& pool,
                                                       std::string name, runtime_ptr run,
                                                       directory_ptr peers, bool gate_open);

} // namespace dklb::actors
