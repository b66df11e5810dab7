#pragma once

#include "http/kube/client.hpp"
#include "sandbox/node/model.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace dklb::sandbox {

/// The present time as metav1.Time.
std::string time_now();

/// The asynchronous API calls of kubelet and scheduler. `done` is called on the engine's thread. A
/// failure is logged before that.
class node_api {
public:
  using completion = std::function<void(bool worked)>;

  explicit node_api(std::shared_ptr<http::kube::client> client);

  /// Creates the Node, or updates an existing one: Ready, with its InternalIPs and without taints.
  void register_node(const node& which, const completion& done);
  void bind(const pod& which, const node& where, completion done);
  void patch_status(const pod& which, const nlohmann::json& patch, completion done);
  /// Removes the object of a deleted pod after its processes have ended. A missing object is no
  /// error.
  void confirm_deletion(const pod& which, completion done);
  /// Writes a Warning event about the pod. A failure is not retried.
  void warn(const pod& which, const std::string& reason, const std::string& message);

private:
  void describe_node(const node& which, const completion& done);
  void call(std::string method, std::string path, const nlohmann::json& body, completion done,
            domain::error_code tolerated = domain::error_code::not_found);

  std::shared_ptr<http::kube::client> client_;
};

} // namespace dklb::sandbox
