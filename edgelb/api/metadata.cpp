#include "edgelb/api/metadata.hpp"

#include "edgelb/pools/ports.hpp"

namespace dklb::edgelb {
namespace {

document endpoints_of(const listener& what, int port, const std::vector<agent>& instances) {
  auto endpoints = document::array();
  for (const auto& where : instances) {
    const auto reachable = what.reached_on(where);
    if (reachable.empty())
      continue; // another machine has the address
    auto inside = document::array();
    auto outside = document::array();
    for (const auto& address : reachable)
      (where.is_public(address) ? outside : inside).push_back(address);
    endpoints.push_back({{"port", port}, {"private", inside}, {"public", outside}});
  }
  return endpoints;
}

} // namespace

document metadata_of(const document& pool, const std::map<std::string, int>& ports,
                     const std::vector<agent>& instances) {
  auto frontends = document::array();
  auto stats = document::array();
  for (const auto& one : listeners_of(pool)) {
    const auto port = ports.find(one.key);
    if (port == ports.end())
      continue;
    auto endpoints = endpoints_of(one, port->second, instances);
    if (one.key == stats_key)
      stats = std::move(endpoints);
    else
      frontends.push_back(
        {{"name", one.key.substr(frontend_key("").size())}, {"endpoints", std::move(endpoints)}});
  }
  return {{"name", text_at(pool, "name")}, {"frontends", frontends}, {"stats", stats}};
}

} // namespace dklb::edgelb
