#pragma once

#include "actors/base/runtime.hpp"
#include "actors/leadership/write_permit.hpp"
#include "actors/service/intake.hpp"
#include "domain/config/config.hpp"
#include "http/edgelb/client.hpp"
#include "http/engine/engine.hpp"
#include "http/kube/access/access.hpp"
#include "http/server/server.hpp"
#include "messages/actors.hpp"
#include "program/config_file.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>

namespace dklb::http::server {
class certificate;
}

namespace dklb::program {

class config_watch;
class live_config;

/// Settings and surroundings of a controller.
struct controller_arguments {
  domain::config settings; ///< as `file` has them
  /// Watched while the controller runs: a changed file is read again.
  config_file file;
  http::kube::access access;
  http::kube::access_environment environment;
  /// The identity of this process in Leases and events: `<hostname>_<uuid>`.
  std::string identity;
  /// Called once, on any thread, when the process should end with status 1.
  std::function<void(const std::string& why)> give_up;
};

/// The composition root: owns the engine, the clients, the actors and the two servers. start()
/// starts them in order, stop() or the destructor stops them in order. A process has one; a test
/// may have several. Not thread-safe: one thread starts and stops it.
class controller {
public:
  /// The error names a listen address that cannot be bound, or a credential or webhook certificate
  /// that cannot be used.
  static domain::result<std::unique_ptr<controller>> start(controller_arguments arguments);
  ~controller();
  controller(const controller&) = delete;
  controller& operator=(const controller&) = delete;

  /// Reads the configuration file again, soon and on another thread. Any thread between start() and
  /// stop().
  void reread() const;
  /// Closes the gate, waits for requests in flight (15 s at most), gives the Lease back, and ends
  /// the actors. Idempotent.
  void stop();

private:
  explicit controller(controller_arguments arguments);
  domain::result<domain::unit> run();
  domain::result<domain::unit> make_clients();
  void spawn_actors();
  void spawn_elector();
  void watch_config();
  static http::target_limits kubernetes_limits(const domain::config& settings);
  /// Carries out the live part of this configuration, on the watch's thread.
  void apply(const domain::config& in_force) const;
  std::string own_namespace() const;
  std::string lease_namespace() const;
  /// The longest time since the write permit's deadline before /livez fails.
  std::chrono::milliseconds renewal_limit() const;
  /// Gives the Lease back, so that a standby need not wait until it expires.
  void resign();
  domain::result<domain::unit> open_server();
  http::server::handler make_pages() const;
  /// Does nothing if the webhook is off.
  domain::result<domain::unit> open_webhook();
  messages::webhook_registrar_actor make_registrar(caf::actor_system& system,
                                                   const messages::kube_gateway_actor& kube) const;

  controller_arguments arguments_;
  actors::runtime_ptr run_;
  std::shared_ptr<actors::write_permit> permit_;
  http::engine engine_;
  /// The Lease's own engine, so that a renewal never waits behind other requests.
  std::unique_ptr<http::engine> lease_engine_;
  std::shared_ptr<http::kube::client> kube_;
  std::shared_ptr<http::edgelb::client> edgelb_;
  caf::actor_system_config actor_config_;
  std::unique_ptr<caf::actor_system> system_;
  messages::supervisor_actor supervisor_;
  messages::leader_elector_actor elector_;
  std::unique_ptr<actors::node_intake> nodes_;
  std::unique_ptr<http::server::listener> server_;
  std::shared_ptr<http::server::certificate> certificate_;
  std::unique_ptr<http::server::listener> webhook_;
  std::unique_ptr<live_config> config_;
  /// Declared after what it changes: it ends first.
  std::unique_ptr<config_watch> watch_;
  /// The handler of server_, set when the actors run. Declared after it, so that it is destroyed
  /// first and a waiting request ends.
  std::promise<http::server::handler> pages_;
  bool stopped_ = false;
};

} // namespace dklb::program
