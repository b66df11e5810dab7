#pragma once

#include "actors/base/base.hpp"
#include "actors/leadership/write_permit.hpp"
#include "domain/cluster/leader_lease.hpp"
#include "http/kube/lease.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dklb::actors {

/// Dependencies and settings of the leader elector. `store` uses an engine of its own, so that a
/// renewal never waits behind other requests.
struct elector_arguments {
  runtime_ptr run;
  messages::supervisor_actor supervisor;
  std::shared_ptr<http::kube::lease_store> store;
  std::shared_ptr<write_permit> permit;
  domain::lease_settings settings;
  /// Called when leadership is lost: the process ends with status 1.
  std::function<void(const std::string& why)> give_up;
};

/// State of the leader elector. Carries out the actions of domain::lease_elector: reads, takes and
/// renews the Lease, extends the write permit, and notifies the supervisor. After a loss of
/// leadership it takes no further action. Source: docs/kubernetes.md, "Leadership".
class leader_elector_state : public actor_base {
public:
  using self_pointer = messages::leader_elector_actor::stateful_pointer<leader_elector_state>;
  explicit leader_elector_state(self_pointer self) : self_(self) {}

  void start(elector_arguments arguments);
  void step();
  void ticked(const messages::tick& what);
  caf::typed_response_promise<messages::resigned> resign();

private:
  using record_result = domain::result<domain::lease_record>;

  void read(milliseconds sent);
  void write(domain::lease_action action, milliseconds sent);
  void written(const record_result& outcome, milliseconds sent);
  void troubled(const domain::error& failure);
  void succeeded();
  std::string why_lost() const;
  void lost(const std::string& why);
  void release();
  void step_in(milliseconds delay);
  template <class Outcome, class Handler>
  auto reply_to(Handler handler);

  self_pointer self_;
  elector_arguments arguments_;
  domain::lease_elector elector_{{}};
  bool leading_ = false;
  bool ended_ = false;
  bool in_flight_ = false; ///< a request about the Lease is in flight
  bool released_anew_ = false;
  std::optional<caf::typed_response_promise<messages::resigned>> resigning_;
  std::uint64_t epoch_ = 0;
};

messages::leader_elector_actor::behavior_type
leader_elector(leader_elector_state::self_pointer self, elector_arguments arguments);

} // namespace dklb::actors
