#include "sandbox/node/kubelet.hpp"

#include "sandbox/node/network/sockets.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sys/wait.h>

namespace dklb::sandbox {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds retry_delay{1000};
constexpr milliseconds first_probe{20};
constexpr milliseconds longest_probe_gap{500};
constexpr milliseconds longest_restart_delay{10000};

milliseconds restart_delay(int restarts) {
  constexpr int doublings_to_longest = 4;
  return std::min(longest_restart_delay,
                  retry_delay * (1 << std::min(restarts, doublings_to_longest)));
}

std::string describe_end(int status) {
  return WIFSIGNALED(status) ? "ended by signal " + std::to_string(WTERMSIG(status))
                             : "ended with status " + std::to_string(WEXITSTATUS(status));
}

} // namespace

kubelet::kubelet(http::engine& engine, node_api& api, kubelet_settings settings,
                 address_pool addresses, ready_handler on_ready_pods)
  : engine_(engine), api_(api), settings_(std::move(settings)), addresses_(std::move(addresses)),
    on_ready_pods_(std::move(on_ready_pods)) {}

kubelet::~kubelet() = default;

void kubelet::pod_changed(const nlohmann::json& object) {
  auto decoded = decode_pod(object);
  if (!decoded) {
    spdlog::error("pod {} is skipped: {}", key_of(object), decoded.failure().message);
    return;
  }
  const std::string uid = decoded->uid;
  running_pod& entry = pods_[uid];
  if (!entry.containers.empty()) {
    decoded->address = entry.what.address; // ours is newer than the one in the object
  }
  entry.what = std::move(*decoded);
  reconcile(uid);
}

void kubelet::pod_deleted(const nlohmann::json& object) {
  const std::string uid = object.at("metadata").value("uid", "");
  if (const auto found = pods_.find(uid); found != pods_.end()) {
    found->second.gone = true;
    reconcile(uid);
  }
}

void kubelet::reconcile_after(const std::string& uid, milliseconds delay) {
  engine_.after(delay, [this, uid] { reconcile(uid); });
}

void kubelet::reconcile(const std::string& uid) {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) {
    return;
  }
  running_pod& entry = found->second;
  if (entry.gone || entry.what.deleting) {
    wind_down(entry);
  } else if (entry.what.node.empty()) {
    schedule(entry);
  } else {
    take_on(entry);
    report(entry);
  }
  publish();
}

void kubelet::schedule(running_pod& entry) {
  if (entry.calling || entry.what.scheduler != "default-scheduler") {
    return;
  }
  std::map<std::string, int> load;
  for (const auto& [uid, other] : pods_) {
    ++load[other.what.node];
  }
  const node* where = choose_node(entry.what, settings_.nodes, load);
  if (where == nullptr) {
    if (!std::exchange(entry.complained, true)) {
      api_.warn(entry.what, "FailedScheduling", "no node has the labels of the pod's nodeSelector");
    }
    return;
  }
  entry.calling = true;
  api_.bind(entry.what, *where, called(entry.what.uid));
}

/// After a bind, patch or delete: what else there is to do, at once or, after a failure, later.
node_api::completion kubelet::called(const std::string& uid) {
  return [this, uid](bool worked) {
    const auto found = pods_.find(uid);
    if (found == pods_.end()) {
      return;
    }
    found->second.calling = false;
    if (!worked) {
      found->second.sent = nullptr;
      reconcile_after(uid, retry_delay);
    } else if (!found->second.what.node.empty()) {
      reconcile(uid);
    }
  };
}

void kubelet::take_on(running_pod& entry) {
  const auto where =
    std::find_if(settings_.nodes.begin(), settings_.nodes.end(),
                 [&](const node& candidate) { return candidate.name == entry.what.node; });
  if (where == settings_.nodes.end() || entry.where != nullptr) {
    return;
  }
  if (!addresses_.take(entry.what.address)) {
    const auto address = addresses_.take();
    if (!address) {
      reconcile_after(entry.what.uid, longest_restart_delay);
      return;
    }
    entry.what.address = *address;
  }
  entry.where = &*where;
  entry.started = entry.changed = time_now();
  entry.containers.resize(entry.what.containers.size());
  for (std::size_t index = 0; index < entry.containers.size(); ++index) {
    start(entry, index);
  }
}

void kubelet::start(running_pod& entry, std::size_t index) {
  const container& what = entry.what.containers.at(index);
  running_container& slot = entry.containers.at(index);
  const std::string folder =
    settings_.folder + "/" + entry.what.name_space + "_" + entry.what.name + "_" + what.name;
  auto how = launch_of(entry.what, what, entry.what.address, settings_.self, folder);
  if (!how) {
    slot.state.waiting_reason = "ErrImagePull";
    slot.state.waiting_message = how.failure().message;
    api_.warn(entry.what, "Failed", how.failure().message);
    return;
  }
  slot.how = std::move(*how);
  std::error_code ignored; // the process's start tells what is wrong with its folder
  std::filesystem::create_directories(folder, ignored);
  const std::string uid = entry.what.uid;
  auto process = local_process::start(slot.how.command, folder + "/log", [=, this](int status) {
    engine_.post([=, this] { exited(uid, index, status); });
  });
  if (!process) {
    slot.state.waiting_reason = "RunContainerError";
    slot.state.waiting_message = process.failure().message;
    api_.warn(entry.what, "Failed", process.failure().message);
    return;
  }
  slot.process = std::move(*process);
  slot.state.running = true;
  slot.state.started_at = time_now();
  spdlog::info("{}: {} runs on {}", entry.what.key(), what.image, entry.what.address);
  probe(uid, index, first_probe);
}

void kubelet::probe(const std::string& uid, std::size_t index, milliseconds delay) {
  engine_.after(delay, [=, this] {
    const auto found = pods_.find(uid);
    if (found == pods_.end() || !found->second.containers.at(index).state.running) {
      return;
    }
    running_pod& entry = found->second;
    running_container& slot = entry.containers.at(index);
    if (slot.state.ready) {
      return;
    }
    slot.state.ready = std::all_of(slot.how.ports.begin(), slot.how.ports.end(), [&](int port) {
      return accepts_connections({entry.what.address, port});
    });
    if (!slot.state.ready) {
      probe(uid, index, std::min(2 * delay, longest_probe_gap));
      return;
    }
    entry.changed = time_now();
    reconcile(uid);
  });
}

void kubelet::exited(const std::string& uid, std::size_t index, int status) {
  const auto found = pods_.find(uid);
  if (found == pods_.end()) {
    return;
  }
  running_pod& entry = found->second;
  running_container& slot = entry.containers.at(index);
  slot.process.reset();
  slot.state.running = slot.state.ready = false;
  entry.changed = time_now();
  if (!entry.ending) {
    slot.state.waiting_reason = "CrashLoopBackOff";
    slot.state.waiting_message = describe_end(status);
    spdlog::warn("{}: {} {}", entry.what.key(), entry.what.containers.at(index).name,
                 describe_end(status));
    engine_.after(restart_delay(slot.state.restarts++), [=, this] {
      const auto later = pods_.find(uid);
      if (later != pods_.end() && !later->second.ending) {
        start(later->second, index);
        reconcile(uid);
      }
    });
  }
  reconcile(uid);
}

std::vector<container_state> kubelet::states_of(const running_pod& entry) const {
  std::vector<container_state> states;
  states.reserve(entry.containers.size());
  for (const running_container& slot : entry.containers) {
    states.push_back(slot.state);
  }
  return states;
}

void kubelet::report(running_pod& entry) {
  if (entry.where == nullptr || entry.calling) {
    return;
  }
  const nlohmann::json patch =
    pod_status_patch(entry.what, *entry.where, states_of(entry), entry.started, entry.changed);
  if (patch == entry.sent) {
    return;
  }
  entry.sent = patch;
  entry.calling = true;
  api_.patch_status(entry.what, patch, called(entry.what.uid));
}

void kubelet::wind_down(running_pod& entry) {
  const bool first = !std::exchange(entry.ending, true);
  bool ended = true;
  for (running_container& slot : entry.containers) {
    if (slot.process) {
      ended = false;
      if (first) {
        slot.process->signal(SIGTERM);
      }
    }
  }
  const std::string uid = entry.what.uid;
  if (!ended) {
    if (first) {
      engine_.after(std::chrono::seconds(entry.what.grace), [this, uid] {
        const auto found = pods_.find(uid);
        if (found == pods_.end()) {
          return;
        }
        for (running_container& slot : found->second.containers) {
          if (slot.process) {
            slot.process->signal(SIGKILL);
          }
        }
      });
    }
    return;
  }
  if (entry.gone) {
    if (entry.where != nullptr) {
      addresses_.give_back(entry.what.address);
    }
    pods_.erase(uid);
  } else if (!entry.calling && !entry.what.node.empty()) {
    entry.calling = true;
    api_.confirm_deletion(entry.what, [this, uid](bool worked) {
      const auto found = pods_.find(uid);
      if (found != pods_.end() && !worked) {
        found->second.calling = false;
        reconcile_after(uid, retry_delay);
      }
    });
  }
}

void kubelet::publish() {
  std::vector<pod> ready_pods;
  for (const auto& [uid, entry] : pods_) {
    if (ready(states_of(entry))) {
      ready_pods.push_back(entry.what);
      ready_pods.back().deleting = entry.ending;
    }
  }
  on_ready_pods_(std::move(ready_pods));
}

} // namespace dklb::sandbox
