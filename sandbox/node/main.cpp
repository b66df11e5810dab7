/// sandbox-node: stands in for kubelet, kube-proxy and the scheduler of the sandbox's nodes.
/// `sandbox-node web` and `sandbox-node echo-proxy` are the servers that some images run as.
#include "dklb/version.hpp"
#include "http/engine/engine.hpp"
#include "http/kube/access/access.hpp"
#include "http/kube/client.hpp"
#include "http/kube/watch/reflector.hpp"
#include "process/log_format.hpp"
#include "process/signals.hpp"
#include "sandbox/node/kubelet.hpp"
#include "sandbox/node/network/echo_server.hpp"
#include "sandbox/node/network/proxy.hpp"
#include "sandbox/node/web_server.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <sstream>
#include <sys/resource.h>

namespace {

using namespace dklb;

struct options {
  std::string kubeconfig;
  std::string pods;
  std::string folder;
  std::vector<std::string> nodes;
  sandbox::web_settings web;
  sandbox::echo_settings echo;
};

int fail(const std::string& message) {
  spdlog::error("{}", message);
  return 1;
}

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// `NAME=ADDRESS,ADDRESS`
std::vector<sandbox::node> parse_nodes(const std::vector<std::string>& given) {
  std::vector<sandbox::node> nodes;
  for (const std::string& text : given) {
    const auto equals = text.find('=');
    sandbox::node made{text.substr(0, equals), {}};
    std::istringstream addresses(text.substr(equals + 1));
    for (std::string address; std::getline(addresses, address, ',');) {
      made.addresses.push_back(address);
    }
    nodes.push_back(std::move(made));
  }
  return nodes;
}

/// A pod or Service view: every object goes to the handlers.
std::unique_ptr<http::kube::reflector>
reflect(const std::shared_ptr<http::kube::client>& client, const std::string& path,
        std::function<void(const nlohmann::json&)> on_object,
        std::function<void(const nlohmann::json&)> on_deleted) {
  http::kube::reflector_settings settings;
  settings.path = path;
  http::kube::reflector_handler handler;
  handler.on_object = [on_object = std::move(on_object)](http::kube::json_view object) {
    on_object(nlohmann::json::parse(simdjson::minify(object)));
  };
  handler.on_deleted = [on_deleted =
                          std::move(on_deleted)](const http::kube::object_identity& object) {
    on_deleted({{"metadata",
                 {{"namespace", object.name_space}, {"name", object.name}, {"uid", object.uid}}}});
  };
  handler.on_synced = [] {};
  handler.on_trouble = [path](const domain::error& failure, std::chrono::milliseconds delay) {
    spdlog::warn("{}: {}; again in {} ms", path, failure.message, delay.count());
  };
  return std::make_unique<http::kube::reflector>(client, settings, std::move(handler));
}

/// Registers the node, again every second until it works.
void register_node(http::engine& engine, sandbox::node_api& api, const sandbox::node& which) {
  api.register_node(which, [&engine, &api, which](bool worked) {
    if (!worked) {
      engine.after(std::chrono::seconds(1),
                   [=, &engine, &api] { register_node(engine, api, which); });
    }
  });
}

int run_nodes(process::signals& signals, const options& given) {
  allow_many_descriptors();
  auto addresses = sandbox::address_pool::parse(given.pods);
  if (!addresses) {
    return fail("--pods: \"" + given.pods + "\" is no range inside 127.0.0.0/8, e.g. 127.0.2.0/24");
  }
  auto access = http::kube::find_access(given.kubeconfig, http::kube::process_environment());
  if (!access) {
    return fail(access.failure().message);
  }
  std::error_code failure;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failure);
  const auto nodes = parse_nodes(given.nodes);

  http::engine engine;
  http::kube::client_settings settings;
  settings.access = std::move(*access);
  settings.user_agent = std::string("sandbox-node/") + version;
  const auto client = std::make_shared<http::kube::client>(engine, std::move(settings));
  sandbox::node_api api(client);
  sandbox::forwarder forwarder;
  sandbox::proxy proxy(engine, forwarder, nodes);
  sandbox::kubelet kubelet(engine, api, {nodes, given.folder, self}, std::move(*addresses),
                           [&](auto pods) { proxy.set_ready_pods(std::move(pods)); });
  const auto pods = reflect(
    client, "/api/v1/pods", [&](const auto& object) { kubelet.pod_changed(object); },
    [&](const auto& object) { kubelet.pod_deleted(object); });
  const auto services = reflect(
    client, "/api/v1/services", [&](const auto& object) { proxy.service_changed(object); },
    [&](const auto& object) { proxy.service_deleted(object); });
  for (const sandbox::node& each : nodes) {
    register_node(engine, api, each);
  }
  pods->start();
  services->start();
  signals.wait();
  signals.end_in_order(process::longest_end, [&] {
    pods->stop();
    services->stop();
    engine.stop(std::chrono::seconds(1));
  });
  return 0;
}

int run_web(process::signals& signals, const sandbox::web_settings& settings) {
  auto listeners = sandbox::open_web_server(settings);
  if (!listeners) {
    return fail(listeners.failure().message);
  }
  signals.wait();
  signals.end_in_order(process::longest_end, [&] { listeners->clear(); });
  return 0;
}

/// Open connections go on until they end, as long as the end may take.
int run_echo(process::signals& signals, const sandbox::echo_settings& settings) {
  const auto server = sandbox::echo_server::open(settings);
  if (!server) {
    return fail(server.failure().message);
  }
  signals.wait();
  signals.end_in_order(process::longest_end, [&] { (*server)->wait_until_idle(); });
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  process::signals signals;
  options given;
  CLI::App app{"Stands in for kubelet, kube-proxy and the scheduler of a sandbox's nodes"};
  app.add_option("--kubeconfig", given.kubeconfig, "how to reach the API server");
  app
    .add_option("--node", given.nodes,
                "NAME=ADDRESS[,ADDRESS] of a node; may be given several times")
    ->check([](const std::string& pair) {
      const auto equals = pair.find('=');
      return equals == std::string::npos || equals + 1 == pair.size() ? "must be NAME=ADDRESS"
                                                                      : std::string();
    });
  app.add_option("--pods", given.pods, "range of loopback addresses for pods");
  app.add_option("--state-dir", given.folder, "folder for the pods' logs and data");
  CLI::App* web = app.add_subcommand("web", "The web server that the images nginx and echo run as");
  web->add_option("--address", given.web.address, "address to listen on")->required();
  web->add_option("--port", given.web.ports, "port to listen on")->required();
  web->add_option("--image", given.web.image, "nginx or echo");
  web->add_option("--pod", given.web.pod, "namespace/name of the pod, for the answers");
  web->add_option("--node", given.web.node, "the pod's node, for the answers");
  CLI::App* echo = app.add_subcommand("echo-proxy", "The server that the image echo-proxy runs as");
  echo->add_option("--address", given.echo.address, "address to listen on")->required();
  echo->add_option("--port", given.echo.ports, "port to listen on")->required();
  echo->add_option("--pod", given.echo.pod, "namespace/name of the pod, for the answers");
  echo->add_option("--node", given.echo.node, "the pod's node, for the answers");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_formatter(process::log_format("[%Y-%m-%d %H:%M:%S.%e] [%^%l%$] %v"));
  if (*web) {
    return run_web(signals, given.web);
  }
  return *echo ? run_echo(signals, given.echo) : run_nodes(signals, given);
}
