#pragma once

#include "actors/base/base.hpp"
#include "domain/pool/poll_schedule.hpp"
#include "domain/pool/wake_timer.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace dklb::actors {

/// Which of the pollers it is.
struct poller_shard {
  std::size_t number = 0;
};

/// Asks for the metadata of the pools of its shard and reports what it says to the status writers;
/// no pool waits for another's answer. It fails on nothing that EdgeLB can answer; should it die
/// all the same, the supervisor starts another, which gets its targets from the pools again.
class pool_poller_state : public actor_base {
public:
  using self_pointer = messages::pool_poller_actor::stateful_pointer<pool_poller_state>;
  explicit pool_poller_state(self_pointer self) : self_(self) {}

  void start(poller_shard shard, runtime_ptr shared, directory_ptr handles, bool open);
  void watch(const messages::poll_pool& what);
  messages::addresses_found addresses_of(const std::string& pool) const;
  void directory_changed(const messages::directory_changed& what);
  void gate_changed(bool open);
  void ticked(const messages::tick& what);

private:
  struct target {
    messages::claim_ptr claim;
    messages::addresses_ptr addresses;           ///< null: not known yet
    std::shared_ptr<const std::string> left_out; ///< see addresses_observed
    messages::addresses_ptr withheld = nullptr;  ///< as above

    /// EdgeLB has said where the Service can be reached, be it nowhere that helps.
    bool settled() const { return addresses != nullptr || left_out != nullptr; }
  };
  struct polled_pool {
    std::vector<target> targets; ///< none: only the answer is awaited
    domain::poll_schedule schedule;
    domain::poll_calendar::entry next;
    bool busy = false;
    bool background = false; ///< the poll in flight
    bool again = false;
  };
  using pool_map = std::unordered_map<std::string, polled_pool>;
  using pool_entry = pool_map::value_type;

  void poll(pool_entry& item, bool background = false);
  void answered(const std::string& pool, const domain::result<messages::metadata_ptr>& outcome);
  void learn(polled_pool& item, const domain::pool_metadata& metadata, const std::string& pool);
  void report(const target& item, const std::string& pool);
  void poll_in(pool_entry& item, milliseconds delay);
  void cancel(polled_pool& item);
  void forget(pool_map::iterator item);
  void noted(const std::string& pool, std::string failure);
  domain::poll_pauses pauses() const;
  void enter_state();
  void go_on();

  self_pointer self_;
  pool_map pools_;
  domain::poll_calendar calendar_;
  std::set<std::string> failing_;
  std::size_t background_ = 0; ///< background polls in flight
  std::size_t in_flight_ = 0;  ///< all polls in flight
  domain::wake_timer timer_;
};

messages::pool_poller_actor::behavior_type pool_poller(pool_poller_state::self_pointer self,
                                                       poller_shard shard, runtime_ptr run,
                                                       directory_ptr peers, bool gate_open);

} // namespace dklb::actors
