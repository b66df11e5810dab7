#pragma once

#include "http/kube/client.hpp"
#include "sandbox/node/model.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace dklb::sandbox {

/// Now, as metav1.Time.
std::string time_now();

/// The calls that kubelet and the scheduler make, asynchronous. `done` comes on the engine's
/// thread; a failure has been logged by then.
class node_api {
public:
  using completion = std::function<void(bool worked)>;

  explicit node_api(std::shared_ptr<http::kube::client> client);

  /// Creates the Node or takes over the one that is there; Ready, with its InternalIP and no taint.
  void register_node(const node& which, const completion& done);
  void bind(const pod& which, const node& where, completion done);
  void patch_status(const pod& which, const nlohmann::json& patch, completion done);
  /// Removes the object of a deleted pod: its node has ended it. One already gone is fine.
  void confirm_deletion(const pod& which, completion done);
  /// A Warning event on the pod; best effort.
  void warn(const pod& which, const std::string& reason, const std::string& message);

private:
  void describe_node(const node& which, const completion& done);
  void call(std::string method, std::string path, const nlohmann::json& body, completion done,
            domain::error_code tolerated = domain::error_code::not_found);

  std::shared_ptr<http::kube::client> client_;
};

} // namespace dklb::sandbox
