#include "sandbox/node/network/proxy.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace dklb::sandbox {

proxy::proxy(http::engine& engine, forwarder& routes, std::vector<node> nodes)
  : engine_(engine), forwarder_(routes), nodes_(std::move(nodes)) {}

void proxy::service_changed(const nlohmann::json& object) {
  auto decoded = decode_service(object);
  if (!decoded) {
    spdlog::error("service {} is skipped: {}", key_of(object), decoded.failure().message);
    return;
  }
  const std::string key = decoded->key();
  services_[key] = std::move(*decoded);
  refresh_soon();
}

void proxy::service_deleted(const nlohmann::json& object) {
  services_.erase(key_of(object));
  refresh_soon();
}

void proxy::set_ready_pods(std::vector<pod> ready_pods) {
  ready_pods_ = std::move(ready_pods);
  refresh_soon();
}

void proxy::refresh_soon() {
  if (std::exchange(refreshing_, true)) {
    return;
  }
  engine_.post([this] {
    refreshing_ = false;
    std::vector<service> services;
    services.reserve(services_.size());
    for (const auto& [key, known] : services_) {
      services.push_back(known);
    }
    forwarder_.set_routes(routes_of(nodes_, services, ready_pods_));
    health_pages_.update(healths_of(nodes_, services, ready_pods_));
  });
}

} // namespace dklb::sandbox
