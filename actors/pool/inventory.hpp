#pragma once

#include "actors/base/base.hpp"
#include "domain/base/retry_policy.hpp"
#include "domain/pool/pool_inventory.hpp"
#include "domain/pool/wake_timer.hpp"

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace dklb::actors {

/// Reads the list of all pools once a resync period: one request, however many pools. Tells the
/// pools that differ, and has the objects of Services that are gone removed (or reports them).
class inventory_state : public actor_base {
public:
  using self_pointer = messages::inventory_actor::stateful_pointer<inventory_state>;
  explicit inventory_state(self_pointer self) : self_(self) {}

  void start(runtime_ptr shared, directory_ptr handles, bool open);
  void gate_changed(bool open);
  void seen(const messages::pool_seen& what);
  void closed(const std::string& name);
  void await_room(const std::string& pool) { awaiting_room_.insert(pool); }
  messages::port_users find_users(const messages::find_port_users& what) const;
  messages::recalled_pool recall(const std::string& name);
  messages::pools_found find(const domain::service_key& service) const;
  void read();
  /// A changed resync period counts from the last answer.
  void settings_changed();
  void ticked(const messages::tick& what);

private:
  enum tick_kind : std::uint32_t { resync, forget };

  void answered(const domain::result<std::shared_ptr<const std::string>>& outcome);
  domain::listed_pool look_into(const std::string& name, const domain::pool_snapshot& pool) const;
  void room_made(const std::string& by);
  /// Returns what is wrong with the answer, if anything is.
  std::optional<domain::error> take_in(const std::string& body);
  void sweep();
  void verify(const domain::service_key& owner, std::vector<std::string> pools);
  void remove(const std::string& pool, const domain::service_key& owner);
  void read_in(milliseconds delay);
  void forget_in(milliseconds delay);
  void arm(tick_kind kind, domain::wake_timer& timer, milliseconds due);

  self_pointer self_;
  domain::pool_inventory pools_;
  /// The documents of the last answer as text, for pools whose actors just start; kept for seconds.
  std::unordered_map<std::string, messages::snapshot_ptr> documents_;
  std::set<std::string> awaiting_room_; ///< pools of which EdgeLB refused a write
  std::set<std::pair<std::string, domain::service_key>> reported_;
  domain::backoff backoff_;
  domain::wake_timer resync_timer_;
  domain::wake_timer forget_timer_;
  /// When the last answer came; absent where it failed or none was.
  std::optional<milliseconds> read_ok_at_;
  milliseconds read_at_{};   ///< when the next answer is due to be asked for
  milliseconds forget_at_{}; ///< when `documents_` are no longer fresh
  bool busy_ = false;
};

messages::inventory_actor::behavior_type
inventory(inventory_state::self_pointer self, runtime_ptr run, directory_ptr peers, bool gate_open);

} // namespace dklb::actors
