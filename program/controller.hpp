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

/// What the controller needs of its surroundings.
struct controller_arguments {
  domain::config settings;
  http::kube::access access;
  http::kube::access_environment environment;
  /// Who we are to the API server: `<hostname>_<uuid>`.
  std::string identity;
  /// Called once, from any thread, when the process should end with status 1, and why.
  std::function<void(const std::string& why)> give_up;
};

/// The whole product in one object: engine, clients, actors and the two servers, started
/// in order and stopped in order. One per process in production, as many as wanted in tests.
class controller {
public:
  /// Fails with what and where if a listen address cannot be bound, or a credential or the
  /// webhook's certificate is unusable.
  static domain::result<std::unique_ptr<controller>> start(controller_arguments arguments);
  ~controller();
  controller(const controller&) = delete;
  controller& operator=(const controller&) = delete;

  /// Stops intake, finishes what is in flight (15 s at most), ends the actors. Idempotent.
  void stop();

private:
  explicit controller(controller_arguments arguments);
  domain::result<domain::unit> run();
  domain::result<domain::unit> make_clients();
  void spawn_actors();
  void spawn_elector();
  std::string own_namespace() const;
  std::string lease_namespace() const;
  /// How long the write permit may be over before /livez fails.
  std::chrono::milliseconds renewal_limit() const;
  /// Hands the Lease back, so that a standby need not wait for it to expire.
  void resign();
  domain::result<domain::unit> open_server();
  http::server::handler make_pages() const;
  /// Nothing to do where the webhook is off.
  domain::result<domain::unit> open_webhook();
  messages::webhook_registrar_actor make_registrar(caf::actor_system& system,
                                                   const messages::kube_gateway_actor& kube) const;

  controller_arguments arguments_;
  actors::runtime_ptr run_;
  std::shared_ptr<actors::write_permit> permit_;
  http::engine engine_;
  /// The Lease has an engine of its own, so that a renewal never waits behind other traffic.
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
  /// What server_ answers with, once there are actors. Behind it, so that it ends before it.
  std::promise<http::server::handler> pages_;
  bool stopped_ = false;
};

} // namespace dklb::program
