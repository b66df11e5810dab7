#include "program/controller.hpp"

#include "actors/base/scheduling.hpp"
#include "actors/gateway/edgelb_gateway.hpp"
#include "actors/gateway/kube_gateway.hpp"
#include "actors/introspection/metrics_page.hpp"
#include "actors/introspection/routes.hpp"
#include "actors/leadership/leader_elector.hpp"
#include "actors/service/event_recorder.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "actors/webhook/webhook_registrar.hpp"
#include "actors/webhook/webhook_routes.hpp"
#include "http/edgelb/client.hpp"
#include "http/edgelb/connect.hpp"
#include "http/kube/access/files.hpp"
#include "http/kube/client.hpp"
#include "http/server/certificate.hpp"
#include "http/server/tls_listener.hpp"
#include "http/text/base64.hpp"
#include "program/config_watch.hpp"
#include "program/live_config.hpp"

#include <caf/scoped_actor.hpp>

#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

namespace dklb::program {

using namespace actors;
using namespace messages;

namespace {

/// What is in flight at the end gets this long to finish.
constexpr std::chrono::seconds shutdown_grace{15};
constexpr std::chrono::seconds resign_patience{5};
/// A leader that has not renewed for the lease's duration and this long (35 s in all by default)
/// and has not ended either is stuck: /livez fails.
constexpr std::chrono::seconds stuck_after{20};
/// Of answers about the Lease that are being received.
constexpr std::size_t most_lease_bytes = 8U << 20U;

/// The pod as the deployment names it; nothing outside of a cluster.
std::optional<own_pod> pod_of(const http::kube::access_environment& environment) {
  const auto name = environment.get_env("POD_NAME");
  const auto name_space = environment.get_env("POD_NAMESPACE");
  if (!name || name->empty() || !name_space || name_space->empty())
    return std::nullopt;
  return own_pod{{*name_space, *name}, environment.get_env("POD_UID").value_or("")};
}

std::string own_host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

auto count_answers(const runtime_ptr& run) {
  return [stats = run->stats](const std::string& method, int status) {
    stats->kubernetes_answered(method, status);
  };
}

} // namespace

domain::result<std::unique_ptr<controller>> controller::start(controller_arguments arguments) {
  std::unique_ptr<controller> out{new controller{std::move(arguments)}};
  if (auto started = out->run(); !started)
    return std::move(started.failure());
  return out;
}

controller::controller(controller_arguments arguments)
  : arguments_(std::move(arguments)), run_(make_runtime(arguments_.settings)),
    permit_(std::make_shared<write_permit>(!arguments_.settings.leader_election.enabled)) {}

controller::~controller() {
  stop();
}

domain::result<domain::unit> controller::run() {
  if (auto made = make_clients(); !made)
    return made;
  set_up_scheduler(actor_config_, arguments_.settings.concurrency);
  system_ = std::make_unique<caf::actor_system>(actor_config_);
  // The servers first: a taken port ends the start before anything is done.
  if (auto opened = open_webhook(); !opened)
    return opened;
  if (auto opened = open_server(); !opened)
    return opened;
  spawn_actors();
  watch_config();
  pages_.set_value(make_pages());
  return domain::unit{};
}

domain::result<domain::unit> controller::make_clients() {
  const auto& settings = arguments_.settings;
  http::kube::client_settings kube;
  kube.access = arguments_.access;
  kube.timeout = settings.concurrency.kubernetes_timeout;
  kube.limits = kubernetes_limits(settings);
  kube.may_write = [permit = permit_] { return permit->granted(); };
  kube.on_answer = count_answers(run_);
  kube_ = std::make_shared<http::kube::client>(engine_, std::move(kube));

  http::edgelb::client_settings hooks;
  hooks.may_write = [permit = permit_] { return permit->granted(); };
  hooks.on_exchange = [stats = run_->stats](const http::request& what, int status,
                                            std::chrono::microseconds took) {
    stats->edgelb_answered(what.method, status, took);
  };
  auto connected =
    http::edgelb::connect(engine_, settings, arguments_.environment.get_env, std::move(hooks));
  if (!connected)
    return std::move(connected.failure());
  edgelb_ = std::move(*connected);
  return domain::unit{};
}

void controller::spawn_actors() {
  supervisor_arguments arguments;
  arguments.run = run_;
  arguments.make_kube_gateway = [run = run_, client = kube_](caf::actor_system& system) {
    return system.spawn(kube_gateway, run, client);
  };
  arguments.make_edgelb_gateway = [run = run_, client = edgelb_](caf::actor_system& system) {
    return system.spawn(edgelb_gateway, run, client);
  };
  arguments.make_intake = make_service_intake(kube_, run_);
  arguments.make_recorder = [run = run_, identity = arguments_.identity, client = kube_](
                              caf::actor_system& system, const kube_gateway_actor& kube) {
    http::kube::event_settings events;
    events.instance = identity;
    return system.spawn(event_recorder, run, kube, std::move(events),
                        [client](http::kube::reply<http::kube::event_api> done) {
                          http::kube::find_event_api(*client, std::move(done));
                        });
  };
  if (arguments_.settings.webhook.register_webhook)
    arguments.make_registrar = [this](caf::actor_system& system, const kube_gateway_actor& kube) {
      return make_registrar(system, kube);
    };
  arguments.needs_nodes = arguments_.settings.pools.mode == domain::backend_mode::nodes;
  arguments.leader = !arguments_.settings.leader_election.enabled;
  arguments.give_up = arguments_.give_up;
  arguments.pod = pod_of(arguments_.environment);
  supervisor_ = system_->spawn(supervisor, std::move(arguments));
  run_->troubles->listen([to = supervisor_](const trouble& what) {
    caf::anon_send(to, access_denied{what.source + ": " + what.message});
  });
  if (arguments_.settings.leader_election.enabled)
    spawn_elector();
  if (arguments_.settings.pools.mode == domain::backend_mode::nodes)
    nodes_ =
      std::make_unique<node_intake>(kube_, run_, [to = supervisor_](domain::node_list nodes) {
        caf::anon_send(to,
                       nodes_changed{std::make_shared<const domain::node_list>(std::move(nodes))});
      });
}

void controller::spawn_elector() {
  const auto& settings = arguments_.settings.leader_election;
  lease_engine_ = std::make_unique<http::engine>(most_lease_bytes);
  http::kube::client_settings kube;
  kube.access = arguments_.access;
  kube.on_answer = count_answers(run_);
  elector_arguments arguments;
  arguments.run = run_;
  arguments.supervisor = supervisor_;
  arguments.permit = permit_;
  arguments.settings = {arguments_.identity, settings.lease_duration, settings.renew_deadline,
                        settings.retry_period};
  arguments.store = std::make_shared<http::kube::lease_store>(
    std::make_shared<http::kube::client>(*lease_engine_, std::move(kube)), lease_namespace(),
    settings.lease_name, domain::lease_request_timeout(arguments.settings));
  arguments.give_up = arguments_.give_up;
  elector_ = system_->spawn(leader_elector, std::move(arguments));
}

std::string controller::own_namespace() const {
  return arguments_.access.name_space.empty() ? "default" : arguments_.access.name_space;
}

std::string controller::lease_namespace() const {
  const auto& configured = arguments_.settings.leader_election.lease_namespace;
  return configured.empty() ? own_namespace() : configured;
}

std::chrono::milliseconds controller::renewal_limit() const {
  const auto& settings = arguments_.settings.leader_election;
  return settings.lease_duration + stuck_after - settings.renew_deadline;
}

void controller::resign() {
  caf::scoped_actor self{*system_};
  self->request(elector_, resign_patience, resign_leadership{})
    .receive([](const resigned&) {}, [](const caf::error&) {});
  caf::anon_send_exit(elector_, caf::exit_reason::user_shutdown);
  elector_ = nullptr;
}

/// A request that comes before there are actors to ask waits for them.
domain::result<domain::unit> controller::open_server() {
  auto opened = http::server::listener::open(
    arguments_.settings.http.listen,
    [pages = pages_.get_future().share()](const http::server::incoming& what) {
      return pages.get()(what);
    });
  if (!opened)
    return std::move(opened.failure());
  server_ = std::move(*opened);
  run_->log->info("introspection at {} (port {})", arguments_.settings.http.listen,
                  server_->port());
  return domain::unit{};
}

http::server::handler controller::make_pages() const {
  route_settings routes;
  routes.system = system_.get();
  routes.supervisor = supervisor_;
  if (certificate_)
    routes.certificate_trouble = [shown = certificate_] { return shown->trouble(); };
  routes.run = run_;
  routes.renewal_overdue = [permit = permit_, limit = renewal_limit()] {
    return permit->overdue() > limit;
  };
  routes.metrics = [run = run_, permit = permit_, shown = certificate_] {
    return shown ? render_metrics(*run, permit->granted(), shown->expires())
                 : render_metrics(*run, permit->granted());
  };
  routes.config = [config = config_.get()] { return config->page(); };
  routes.host_names = arguments_.settings.http.allowed_hosts;
  routes.host_names.push_back(own_host_name());
  return make_routes(std::move(routes));
}

domain::result<domain::unit> controller::open_webhook() {
  const auto& settings = arguments_.settings.webhook;
  if (!settings.enabled)
    return domain::unit{};
  auto loaded = http::server::certificate::load(settings.cert_file, settings.key_file);
  if (!loaded)
    return std::move(loaded.failure());
  certificate_ = std::move(*loaded);
  auto opened = http::server::open_tls(settings.listen, make_webhook_routes(run_), certificate_);
  if (!opened)
    return std::move(opened.failure());
  webhook_ = std::move(*opened);
  run_->log->info("admission webhook at {} (port {})", settings.listen, webhook_->port());
  return domain::unit{};
}

webhook_registrar_actor controller::make_registrar(caf::actor_system& system,
                                                   const kube_gateway_actor& kube) const {
  const auto& settings = arguments_.settings.webhook;
  registrar_arguments arguments;
  arguments.run = run_;
  arguments.kube = kube;
  arguments.settings = {settings.name, own_namespace(), settings.url};
  const auto file = settings.ca_file.empty() ? settings.cert_file : settings.ca_file;
  arguments.read_ca_bundle = [file]() -> domain::result<std::string> {
    const auto text = http::kube::read_file(file);
    if (!text)
      return domain::error{domain::error_code::invalid, file + ": cannot be read", {}, 0};
    auto bundle = domain::certificates_of(*text);
    if (!bundle)
      return domain::error{
        domain::error_code::invalid, file + ": " + bundle.failure().message, {}, 0};
    return http::base64_encode(*bundle);
  };
  return system.spawn(webhook_registrar, std::move(arguments));
}

void controller::stop() {
  if (std::exchange(stopped_, true) || !system_)
    return;
  watch_.reset();
  // Intake and new work first, then what is in flight, then the actors.
  nodes_.reset();
  run_->troubles->listen({});
  if (supervisor_)
    caf::anon_send(supervisor_, shut_down{});
  engine_.stop(shutdown_grace);
  if (elector_)
    resign();
  if (lease_engine_)
    lease_engine_->stop({});
  for (auto* const server : {webhook_.get(), server_.get()})
    if (server != nullptr)
      server->stop();
  // They hold actors, which must not outlive the system.
  webhook_.reset();
  server_.reset();
  caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  supervisor_ = nullptr;
  system_->await_all_actors_done();
  system_.reset();
}

} // namespace dklb::program
