#pragma once

#include "actors/base/base.hpp"
#include "actors/service/service_watcher.hpp"
#include "actors/supervisor/child_spec.hpp"
#include "domain/base/retry_policy.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dklb::actors {

/// The pod of a process, as the deployment tells it.
struct own_pod {
  domain::service_key key; ///< its namespace and name
  std::string uid;         ///< may be ""
};

/// How the supervisor makes its children, and whom it tells when it gives up. Tests put fakes here.
struct supervisor_arguments {
  runtime_ptr run;
  std::function<messages::kube_gateway_actor(caf::actor_system&)> make_kube_gateway;
  std::function<messages::edgelb_gateway_actor(caf::actor_system&)> make_edgelb_gateway;
  intake_factory make_intake;
  std::function<messages::event_recorder_actor(caf::actor_system&,
                                               const messages::kube_gateway_actor&)>
    make_recorder;
  /// Absent where the webhook is not to be registered by us.
  std::function<messages::webhook_registrar_actor(caf::actor_system&,
                                                  const messages::kube_gateway_actor&)>
    make_registrar;
  std::size_t status_writers = 4;
  std::size_t pool_pollers = 4;
  /// False: leadership must be gained first (leadership_changed).
  bool leader = true;
  /// The pod that this process runs in, for events about it; absent outside of a cluster.
  std::optional<own_pod> pod;
  /// Work waits for the first node list.
  bool needs_nodes = false;
  /// Called once when restarts cannot help any more; the process ends with status 1.
  std::function<void(const std::string& why)> give_up;
};

/// Starts, monitors and restarts the others, with back-off and a limit on restarts. Opens the gate:
/// nothing is written before leadership is held, the first Service list is complete and the EdgeLB
/// inventory has been read (invariant 1).
class supervisor_state : public actor_base {
public:
  using self_pointer = messages::supervisor_actor::stateful_pointer<supervisor_state>;
  explicit supervisor_state(self_pointer self);
  /// Whoever ends the supervisor ends everybody.
  ~supervisor_state();

  void start(supervisor_arguments arguments);
  caf::result<messages::pool_actor> ensure_pool(const messages::ensure_pool& what);
  caf::result<messages::restart_verdict> child_failed(const messages::child_failed& what);
  void child_down(const caf::down_msg& down);
  void restart(const messages::restart_child& what);
  void synced();
  void inventory_synced();
  void inventory_troubled(const domain::error& failure);
  void access_denied(const std::string& message);
  void config_rejected(const std::string& message);
  void settings_changed();
  void pool_drifted(const messages::pool_drifted& what);
  void nodes_changed(const messages::nodes_changed& what);
  void leadership_changed(bool leader);
  void shut_down();
  messages::health health() const;

private:
  struct pool_entry {
    messages::pool_actor pool;
    std::vector<caf::typed_response_promise<messages::pool_actor>> waiting;
  };
  using pool_map = std::unordered_map<std::string, pool_entry>;

  void start_child(child_spec spec);
  /// Monitors a child that was just started and stores its handle. Returns the actor's ID.
  template <class Handle>
  std::uint64_t adopt(Handle& place, Handle handle);
  void start_fixed();
  void start_gateways();
  void start_writers();
  void start_pollers();
  void start_watcher();
  void start_pages();
  void start_pool(pool_map::value_type& place);
  std::uint64_t spawn_pool(pool_map::value_type& place);
  void pool_ended(pool_map::value_type& place, bool failed);
  /// The delay before the restart, or nothing where the limit is passed.
  std::optional<milliseconds> count_restart(const char* kind, const std::string& name,
                                            const std::string& reason);
  void give_up(const std::string& why);
  void announce();
  void update_gate();
  void warn_pod(const char* reason, const std::string& message);
  void explain_gate();
  template <class Message>
  void tell_pools(const Message& message);
  template <class Message>
  void broadcast(const Message& message);

  self_pointer self_;
  supervisor_arguments arguments_;
  messages::directory handles_;
  messages::webhook_registrar_actor registrar_;
  messages::introspection_actor introspection_;
  /// By the ID of the actor that runs, or that failed and is to be started again.
  std::unordered_map<std::uint64_t, child_spec> children_;
  pool_map pools_;
  domain::restart_delays delays_;
  domain::restart_intensity intensity_;
  std::shared_ptr<const domain::node_list> nodes_;
  std::string inventory_failure_;
  bool statuses_open_ = false; ///< what status writers are told
  bool services_listed_ = false;
  bool inventory_read_ = false;
  bool leader_ = true;
  bool stopping_ = false;
};

messages::supervisor_actor::behavior_type supervisor(supervisor_state::self_pointer self,
                                                     supervisor_arguments arguments);

} // namespace dklb::actors
