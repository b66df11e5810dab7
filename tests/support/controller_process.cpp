#include "tests/support/controller_process.hpp"

#include <csignal>
#include <system_error>
#include <thread>

namespace dklb::support {

using nlohmann::json;

controller_process::controller_process(std::string program, const kube_imposter& kube,
                                       const edgelb_imposter& edgelb, const json& overrides,
                                       const std::string& label,
                                       std::map<std::string, std::string> environment)
  : program_(std::move(program)), listen_(free_listen_address()),
    environment_(std::move(environment)) {
  config_ = {{"clusterName", test_cluster},
             {"edgelb", {{"url", edgelb.url(label)}}},
             {"leaderElection", {{"enabled", false}}},
             {"http", {{"listen", listen_}}}};
  kubeconfig_file_ = folder_.write("kubeconfig", kube.kubeconfig(label));
  reconfigure(overrides);
  start();
}

controller_process::~controller_process() = default;

void controller_process::reconfigure(const json& overrides) {
  config_.merge_patch(overrides);
  // JSON is YAML.
  config_file_ = folder_.write("dklb.yaml", config_.dump(2) + "\n");
}

void controller_process::start() {
  start(config_file_);
}

void controller_process::start(const std::string& config_file) {
  process_.reset();
  process_ = std::make_unique<child_process>(
    std::vector<std::string>{program_, "--config", config_file, "--kubeconfig", kubeconfig_file_},
    folder_.path() + "/output", environment_);
}

std::optional<int> controller_process::stop(std::chrono::milliseconds deadline) {
  process_->signal(SIGTERM);
  return process_->wait(deadline);
}

void controller_process::kill() {
  process_->signal(SIGKILL);
  process_->wait(std::chrono::seconds(10));
}

raw_answer controller_process::get(const std::string& path) const {
  const auto colon = listen_.find(':');
  try {
    raw_client client(std::stoi(listen_.substr(colon + 1)), listen_.substr(0, colon));
    return client.call("GET", path);
  } catch (const std::system_error&) {
    return {};
  }
}

bool controller_process::wait_ready(std::chrono::milliseconds deadline) const {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (get("/readyz").status != 200) {
    if (std::chrono::steady_clock::now() > until || !process_->running())
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

std::string controller_process::output() const {
  return read_file(folder_.path() + "/output");
}

} // namespace dklb::support
