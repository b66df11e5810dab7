#include "sandbox/node/network/health_pages.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace dklb::sandbox {

http::server::outgoing health_answer(const health& shown) {
  const nlohmann::ordered_json body{
    {"service", {{"namespace", shown.name_space}, {"name", shown.name}}},
    {"localEndpoints", shown.local_endpoints},
    {"serviceProxyHealthy", true}};
  return {shown.local_endpoints > 0 ? 200 : 503, "application/json", body.dump(1, '\t')};
}

void health_pages::open(const socket_address& where, page& made) {
  const bool wide = where.host.find(':') != std::string::npos;
  const auto address =
    (wide ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
  auto opened = http::server::listener::open(address, [&made](const http::server::incoming&) {
    const std::lock_guard guard(made.mutex);
    return health_answer(made.shown);
  });
  if (opened) {
    made.listener = std::move(*opened);
  } else {
    spdlog::error("a health check port is not served: {}", opened.failure().message);
  }
}

void health_pages::update(const health_table& wanted) {
  std::erase_if(pages_, [&](const auto& entry) { return wanted.count(entry.first) == 0; });
  for (const auto& [where, shown] : wanted) {
    auto& known = pages_[where];
    if (!known) {
      known = std::make_unique<page>();
    }
    {
      const std::lock_guard guard(known->mutex);
      known->shown = shown;
    }
    if (!known->listener) {
      open(where, *known);
    }
  }
}

} // namespace dklb::sandbox
