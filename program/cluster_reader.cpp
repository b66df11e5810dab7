#include "program/cluster_reader.hpp"

#include "domain/document/pool_snapshot.hpp"
#include "http/edgelb/connect.hpp"
#include "http/kube/client.hpp"
#include "http/kube/codec.hpp"
#include "http/kube/watch/reflector.hpp"

#include <spdlog/spdlog.h>

#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace dklb::program {

namespace {

/// An outcome that the engine's thread hands to the one that waits; the first one counts.
template <class T>
class awaited {
public:
  void set(domain::result<T> outcome) {
    if (!std::exchange(set_, true))
      promise_.set_value(std::move(outcome));
  }
  domain::result<T> wait() { return promise_.get_future().get(); }

private:
  std::promise<domain::result<T>> promise_;
  bool set_ = false; ///< of the engine's thread
};

domain::error from(const char* server, domain::error failure) {
  failure.message = std::string{server} + ": " + failure.message;
  return failure;
}

/// Hands out every object of a collection once; the first trouble ends it.
domain::result<domain::unit>
list_once(const std::shared_ptr<http::kube::client>& client, std::string path,
          const std::function<void(http::kube::json_view)>& on_object) {
  auto outcome = std::make_shared<awaited<domain::unit>>();
  http::kube::reflector_handler handler;
  handler.on_object = on_object;
  handler.on_deleted = [](const http::kube::object_identity&) {};
  handler.on_synced = [outcome] { outcome->set(domain::unit{}); };
  handler.on_trouble = [outcome](const domain::error& failure, std::chrono::milliseconds) {
    outcome->set(from("Kubernetes", failure));
  };
  handler.on_malformed = [](const domain::error& failure) { spdlog::warn(failure.message); };
  http::kube::reflector_settings settings;
  settings.path = std::move(path);
  settings.streaming_list = true; // costs the server less, and one that has none lists as usual
  http::kube::reflector reflector{client, std::move(settings), std::move(handler)};
  reflector.start();
  auto listed = outcome->wait();
  reflector.stop();
  return listed;
}

domain::result<std::map<std::string, domain::pool_document>>
read_pools(http::edgelb::client& client) {
  auto outcome = std::make_shared<awaited<std::string>>();
  client.read_inventory(
    [outcome](domain::result<std::string> body) { outcome->set(std::move(body)); });
  const auto body = outcome->wait();
  if (!body)
    return from("EdgeLB", body.failure());
  std::map<std::string, domain::pool_document> pools;
  const auto skipped =
    http::edgelb::visit_pools(*body, [&](const std::string& name, const auto& pool) {
      pools.insert_or_assign(name, domain::document_of(pool));
    });
  if (!skipped)
    return from("EdgeLB", skipped.failure());
  if (*skipped > 0)
    spdlog::warn("EdgeLB inventory: {} malformed pools skipped", *skipped);
  return pools;
}

} // namespace

domain::result<observed_cluster> read_cluster(const domain::config& settings,
                                              const http::kube::access& access,
                                              const http::kube::access_environment& environment) {
  http::engine engine;
  http::edgelb::client_settings hooks;
  hooks.may_write = [] { return false; };
  const auto edgelb =
    http::edgelb::connect(engine, settings, environment.get_env, std::move(hooks));
  if (!edgelb)
    return edgelb.failure();
  http::kube::client_settings kube_settings;
  kube_settings.access = access;
  kube_settings.timeout = settings.concurrency.kubernetes_timeout;
  kube_settings.may_write = [] { return false; };
  const auto kube = std::make_shared<http::kube::client>(engine, std::move(kube_settings));

  observed_cluster out;
  auto pools = read_pools(**edgelb);
  if (!pools)
    return std::move(pools.failure());
  out.state.pools = std::move(*pools);
  const auto services = list_once(kube, "/api/v1/services", [&](http::kube::json_view object) {
    if (auto decoded = http::kube::decode_service(object))
      out.state.services.push_back(std::move(*decoded));
    else
      spdlog::warn("Services: skipped a malformed object: {}", decoded.failure().message);
  });
  if (!services)
    return services.failure();
  if (settings.pools.mode != domain::backend_mode::nodes)
    return out;
  domain::node_book nodes;
  const auto listed = list_once(kube, "/api/v1/nodes", [&](http::kube::json_view object) {
    if (auto node = http::kube::decode_node(object))
      nodes.seen(std::move(*node));
    else
      spdlog::warn("nodes: skipped a malformed object: {}", node.failure().message);
  });
  if (!listed)
    return listed.failure();
  out.nodes = std::make_shared<const domain::node_list>(nodes.list());
  return out;
}

} // namespace dklb::program
