#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace dklb::support {

/// A Service of type LoadBalancer with TCP ports, as `kubectl create` sends it. `annotation` is the
/// value of kubernetes.dcos.io/dklb-config; empty: no annotation.
nlohmann::json load_balancer(const std::string& name_space, const std::string& name,
                             const std::vector<int>& ports = {80},
                             const std::string& annotation = {});

} // namespace dklb::support
