#pragma once

#include "actors/base/base.hpp"
#include "domain/base/echo_guard.hpp"
#include "domain/base/retry_policy.hpp"
#include "domain/base/write_back_limit.hpp"
#include "domain/pool/pool_status.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace dklb::actors {

/// Writes the status of the Services of its shard: one patch in flight for each Service, and none
/// where the status already says it. What another program changes is put back at a bounded rate.
/// After a restart the service actors track their Services with it again, and the pollers repeat
/// the addresses.
class status_writer_state : public actor_base {
public:
  using self_pointer = messages::status_writer_actor::stateful_pointer<status_writer_state>;
  explicit status_writer_state(self_pointer self) : self_(self) {}

  void start(const std::string& shard, runtime_ptr shared, bool open);
  void track(const messages::track_status& what);
  void untrack(const messages::untrack_status& what);
  void observed(const messages::addresses_observed& what);
  void reported(const messages::report_condition& what);
  void remarked(const messages::report_remark& what);
  void withdraw(const messages::withdraw_status& what);
  void gate_changed(bool open);
  void retry(const domain::service_key& key);
  void echo_overdue(const domain::service_key& key);

private:
  using echo_guard = domain::echo_guard<domain::service>;

  /// A status that the API server does not take.
  struct failing {
    domain::backoff backoff;
    milliseconds until{}; ///< of the actor's time; no try before
    bool told = false;    ///< the user, of a refusal
  };
  /// What the pollers and the service actor said of one Service, and what its status is known to
  /// be.
  struct entry {
    messages::service_ptr object;
    messages::service_actor owner;
    std::string pool;
    messages::addresses_ptr addresses; ///< null: not known
    std::shared_ptr<const std::string> left_out;
    messages::addresses_ptr withheld;
    std::shared_ptr<const std::string> remark;
    std::unique_ptr<const domain::condition_update> said;
    echo_guard writes;
    std::unique_ptr<failing> retry;
    std::unique_ptr<domain::write_back_limit> rival; ///< null: nobody else changes the status
    std::size_t established = 0; ///< digest of what the status was last known to say; 0: not known
    bool blocking = false;
    bool withdrawn = false;
    bool busy = false;
    bool stale = false;  ///< something came while it was busy, versions of the object not counted
    bool ending = false; ///< forgotten after the write in flight
    bool announced = false;
    bool pausing = false; ///< a timer runs until it may be put back
  };
  using entry_map = std::unordered_map<domain::service_key, entry>;

  entry* find(const domain::service_key& key, const std::string& uid);
  bool counts(entry& item, const messages::service_ptr& object);
  void consider(entry& item);
  domain::desired_status desired_of(const entry& item);
  std::optional<std::string> patch_of(const entry& item, const domain::desired_status& desired);
  bool may_put_back(entry& item);
  void forget_rival(entry& item);
  void in_place(entry& item, std::size_t digest, bool wrote);
  void write(entry& item, std::string patch, std::size_t digest);
  void written(const domain::service_key& key, const std::string& uid, std::size_t digest,
               const domain::result<messages::service_ptr>& outcome);
  void refused(entry& item, const domain::error& failure);
  void tell_refusal(entry& item, const domain::error& failure);
  void publish(entry& item, bool wrote);

  self_pointer self_;
  entry_map entries_;
};

messages::status_writer_actor::behavior_type status_writer(status_writer_state::self_pointer self,
                                                           const std::string& shard,
                                                           runtime_ptr run, directory_ptr peers,
                                                           bool gate_open);

} // namespace dklb::actors
