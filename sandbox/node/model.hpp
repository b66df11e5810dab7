#pragma once

#include "domain/base/error.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dklb::sandbox {

using label_map = std::map<std::string, std::string>;

/// One of the sandbox's nodes: a name, and loopback addresses instead of a machine.
struct node {
  std::string name;
  std::vector<std::string> addresses; ///< at least one, of either family; the first is the hostIP
};

struct container_port {
  std::string name; ///< may be ""
  int number = 0;
};

struct container {
  std::string name;
  std::string image;
  std::vector<std::string> arguments;
  bool has_command = false; ///< overrides the program of the image
  std::vector<container_port> ports;
};

/// The fields of a v1 Pod that the sandbox uses.
struct pod {
  std::string name_space;
  std::string name;
  std::string uid;
  std::string node; ///< "" until it is bound
  std::string address;
  std::string scheduler;
  label_map labels;
  label_map node_selector;
  std::vector<container> containers;
  bool has_init_containers = false;
  bool deleting = false;
  /// The time that its containers have to end after SIGTERM, in seconds.
  int grace = 2;

  std::string key() const { return name_space + "/" + name; }
};

/// A number, or the name of a container's port.
using target_port = std::variant<int, std::string>;

struct service_port {
  int node_port = 0; ///< 0: none
  target_port target;
};

/// The fields of a v1 Service that the sandbox uses.
struct service {
  std::string name_space;
  std::string name;
  label_map selector;
  std::vector<service_port> ports; ///< TCP only
  bool has_node_ports = false;     ///< of type NodePort or LoadBalancer
  bool local_only = false;         ///< externalTrafficPolicy: Local
  bool ipv4 = true;                ///< among ipFamilies
  bool ipv6 = false;               ///< among ipFamilies
  int health_check_port = 0;       ///< healthCheckNodePort, 0: none

  std::string key() const { return name_space + "/" + name; }
};

/// "namespace/name" of any object.
std::string key_of(const nlohmann::json& object);

/// Decode an object of the API. A field of the wrong type is a `malformed` error.
domain::result<pod> decode_pod(const nlohmann::json& object);
domain::result<service> decode_service(const nlohmann::json& object);

/// True if `labels` has all labels of `selector`.
bool selects(const label_map& selector, const label_map& labels);

} // namespace dklb::sandbox
