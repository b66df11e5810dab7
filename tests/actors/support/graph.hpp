#pragma once

#include "actors/supervisor/supervisor.hpp"
#include "tests/actors/support/world.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dklb::actors::testing {

/// All actors as in production, over the in-memory gateways; the test plays the watch.
class ActorGraph : public ActorWorld {
protected:
  /// Starts the supervisor, which starts the rest.
  void start(bool leader = true);
  /// The first list is complete with these Services.
  void list(const std::vector<domain::service>& services);
  /// Somebody else changed it: the watch tells first what our writes made of it, then this.
  void observe(const domain::service& object);
  /// The watch delivers what our writes made of it.
  void echo(const std::string& name);
  void vanish(const std::string& name);
  /// EdgeLB reports this address for the Service's frontend.
  void place(const std::string& name, const std::string& address, const std::string& pool = "p",
             int port = 80);
  bool holds(const std::string& name, int port = 80, const std::string& pool = "p") const;
  /// The live actors of a kind.
  std::vector<describable_actor> find(const std::string& kind) const;
  std::uint32_t restarts_of(const std::string& kind) const;
  /// Ends an actor as a failing handler would.
  void fail(const describable_actor& whom);
  nlohmann::json explain(const std::string& name);
  std::string phase(const std::string& name) { return explain(name).value("phase", "gone"); }
  /// The events of a Service, as reasons.
  std::vector<std::string> reasons(const std::string& name) const;
  const domain::service& stored(const std::string& name) { return kube.services.at(key(name)); }
  static domain::service_key key(const std::string& name) { return {"default", name}; }

  supervisor_actor supervisor_handle;
  std::vector<std::string> gave_up;
  std::optional<own_pod> pod; ///< of this process

private:
  service_watcher_actor watcher() const;
  void tell(const domain::service& object);
};

} // namespace dklb::actors::testing
