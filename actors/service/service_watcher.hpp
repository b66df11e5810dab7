#pragma once

#include "actors/base/base.hpp"

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

namespace dklb::actors {

/// The running list and watch of the Services. Destroying it ends it.
class intake {
public:
  virtual ~intake() = default;
  /// One thing that was told has been taken in (flow control).
  virtual void release() = 0;
};

/// Starts an intake that reports to this watcher.
using intake_factory =
  std::function<std::unique_ptr<intake>(messages::service_watcher_actor watcher)>;

/// Turns what the watch tells into service actors, one for each Service of type LoadBalancer or
/// with the finalizer of a dklb. A restarted watcher lists anew; the service actors of its
/// predecessor end.
class service_watcher_state : public actor_base {
public:
  using self_pointer = messages::service_watcher_actor::stateful_pointer<service_watcher_state>;
  explicit service_watcher_state(self_pointer self) : self_(self) {}
  /// Ends the service actors: a new watcher starts its own from a new list.
  ~service_watcher_state();

  void start(runtime_ptr shared, directory_ptr handles, bool open, const intake_factory& factory);
  void observed(const messages::service_ptr& object);
  void vanished(const messages::service_vanished& what);
  void synced();
  void directory_changed(const messages::directory_changed& what);
  void gate_changed(const messages::gate_changed& what);
  void child_down(const caf::down_msg& down);
  void retry(const domain::service_key& key);
  messages::orphans check_owners(const messages::check_owners& what);

private:
  struct entry {
    messages::service_actor actor;
    messages::service_ptr object; ///< null once it is deleted
  };

  using service_map = std::unordered_map<domain::service_key, entry>;

  void spawn(service_map::value_type& place);
  /// Names Services that another dklb serves in the log.
  void log_others(const std::vector<const domain::service*>& services) const;
  template <class Message>
  void tell_services(const Message& what);

  self_pointer self_;
  std::unique_ptr<intake> intake_;
  bool listed_ = false;
  std::string delayed_by_; ///< what keeps the gate closed, "" where that is not known
  service_map services_;
  /// By actor ID, which is the order of the list: a message to all is handled in that order, so
  /// that claims reach their pool nearly sorted. An entry stays at least as long as its actor.
  std::map<std::uint64_t, service_map::value_type*> places_;
};

messages::service_watcher_actor::behavior_type
service_watcher(service_watcher_state::self_pointer self, runtime_ptr run, directory_ptr peers,
                bool gate_open, const intake_factory& factory);

} // namespace dklb::actors
