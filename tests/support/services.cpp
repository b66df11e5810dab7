#include "tests/support/services.hpp"

namespace dklb::support {

nlohmann::json load_balancer(const std::string& name_space, const std::string& name,
                             const std::vector<int>& ports, const std::string& annotation) {
  nlohmann::json list = nlohmann::json::array();
  for (const int port : ports)
    list.push_back({{"name", "port-" + std::to_string(port)}, {"port", port}, {"protocol", "TCP"}});
  nlohmann::json service{
    {"apiVersion", "v1"},
    {"kind", "Service"},
    {"metadata", {{"namespace", name_space}, {"name", name}}},
    {"spec", {{"type", "LoadBalancer"}, {"selector", {{"app", name}}}, {"ports", list}}}};
  if (!annotation.empty())
    service["metadata"]["annotations"]["kubernetes.dcos.io/dklb-config"] = annotation;
  return service;
}

} // namespace dklb::support
