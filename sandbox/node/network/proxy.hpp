#pragma once

#include "http/engine/engine.hpp"
#include "sandbox/node/model.hpp"
#include "sandbox/node/network/forwarder.hpp"
#include "sandbox/node/network/health_pages.hpp"
#include "sandbox/node/routes.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <vector>

namespace dklb::sandbox {

/// The kube-proxy of all nodes: updates the forwarder's routes and the pages at
/// healthCheckNodePorts when Services or ready pods change. Many changes at once make one update.
/// All calls are on the engine's thread.
class proxy {
public:
  proxy(http::engine& engine, forwarder& routes, std::vector<node> nodes);

  void service_changed(const nlohmann::json& object);
  void service_deleted(const nlohmann::json& object);
  void set_ready_pods(std::vector<pod> ready_pods);

private:
  void refresh_soon();

  http::engine& engine_;
  forwarder& forwarder_;
  std::vector<node> nodes_;
  std::map<std::string, service> services_;
  std::vector<pod> ready_pods_;
  health_pages health_pages_;
  bool refreshing_ = false;
};

} // namespace dklb::sandbox
