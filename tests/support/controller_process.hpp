#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/edgelb_imposter.hpp"
#include "tests/support/kube/kube_imposter.hpp"
#include "tests/support/raw_client.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace dklb::support {

/// A `dklb` process with a configuration file, against two imposters.
class controller_process {
public:
  /// `environment` are variables besides our own. `overrides` is a merge patch for the default
  /// configuration of this class. `label` marks the requests of this process in the imposters' logs
  /// (imposter::url).
  controller_process(std::string program, const kube_imposter& kube, const edgelb_imposter& edgelb,
                     const nlohmann::json& overrides = nlohmann::json::object(),
                     const std::string& label = {},
                     std::map<std::string, std::string> environment = {});
  ~controller_process();
  controller_process(const controller_process&) = delete;
  controller_process& operator=(const controller_process&) = delete;

  /// Starts the process, or starts it again with the same files.
  void start();
  /// Starts it with another configuration file.
  void start(const std::string& config_file);
  /// Sends SIGTERM and waits. The exit status. Empty if the process had to be killed.
  std::optional<int> stop(std::chrono::milliseconds deadline = std::chrono::seconds(20));
  void kill();
  child_process& process() { return *process_; }

  /// Writes the configuration file anew, with another merge patch.
  void reconfigure(const nlohmann::json& overrides);
  const std::string& config_file() const { return config_file_; }
  const std::string& kubeconfig_file() const { return kubeconfig_file_; }
  /// `ADDRESS:PORT` of the introspection pages.
  const std::string& listen_address() const { return listen_; }
  /// Gets an introspection page. Status 0 without a response.
  raw_answer get(const std::string& path) const;
  /// Waits until `/readyz` is ok. False after the deadline.
  bool wait_ready(std::chrono::milliseconds deadline = std::chrono::seconds(20)) const;
  /// The output of the process so far.
  std::string output() const;

private:
  std::string program_;
  temporary_folder folder_;
  std::string listen_;
  nlohmann::json config_;
  std::string config_file_;
  std::string kubeconfig_file_;
  std::map<std::string, std::string> environment_;
  std::unique_ptr<child_process> process_;
};

/// The name of the cluster in the configuration of controller_process.
inline constexpr const char* test_cluster = "test-cluster";

} // namespace dklb::support
