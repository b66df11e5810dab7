#pragma once

#include "http/engine/engine.hpp"
#include "sandbox/node/images.hpp"
#include "sandbox/node/local_process.hpp"
#include "sandbox/node/node_api.hpp"
#include "sandbox/node/placement.hpp"
#include "sandbox/node/pod_status.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dklb::sandbox {

/// Settings of the kubelet.
struct kubelet_settings {
  std::vector<node> nodes;
  std::string folder; ///< parent of a folder per container, with its log and working folder
  std::string self;   ///< path of this program, which is also the web server
};

/// The scheduler and the kubelet of all nodes. Binds pods, runs their containers as local processes
/// on an address per pod, restarts them, reports their status, and confirms deletions. Lives as
/// long as the program. All calls are on the engine's thread. A failed call of the API server is
/// retried after a second.
class kubelet {
public:
  using ready_handler = std::function<void(std::vector<pod> ready_pods)>;

  kubelet(http::engine& engine, node_api& api, kubelet_settings settings, address_pool addresses,
          ready_handler on_ready_pods);
  /// Ends every process. The engine must have stopped before.
  ~kubelet();
  kubelet(const kubelet&) = delete;
  kubelet& operator=(const kubelet&) = delete;

  /// The watch shows a new or changed Pod.
  void pod_changed(const nlohmann::json& object);
  /// The watch shows that a Pod is gone.
  void pod_deleted(const nlohmann::json& object);

private:
  struct running_container {
    container_state state;
    std::unique_ptr<local_process> process;
    launch how;
  };
  struct running_pod {
    pod what;
    const node* where = nullptr;
    std::vector<running_container> containers;
    std::string started;
    std::string changed;  ///< when readiness last changed
    nlohmann::json sent;  ///< the last status that was sent, null after a failure
    bool calling = false; ///< a bind, patch or delete is in flight
    bool ending = false;
    bool gone = false; ///< the Pod object does not exist any more
    bool complained = false;
  };

  void reconcile(const std::string& uid);
  void reconcile_after(const std::string& uid, std::chrono::milliseconds delay);
  void schedule(running_pod& entry);
  void take_on(running_pod& entry);
  void start(running_pod& entry, std::size_t index);
  void probe(const std::string& uid, std::size_t index, std::chrono::milliseconds delay);
  void exited(const std::string& uid, std::size_t index, int status);
  void report(running_pod& entry);
  void wind_down(running_pod& entry);
  void publish();
  node_api::completion called(const std::string& uid);
  std::vector<container_state> states_of(const running_pod& entry) const;

  http::engine& engine_;
  node_api& api_;
  kubelet_settings settings_;
  address_pool addresses_;
  ready_handler on_ready_pods_;
  std::map<std::string, running_pod> pods_; ///< by uid
};

} // namespace dklb::sandbox
