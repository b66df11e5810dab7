#pragma once

#include "actors/service/service_watcher.hpp"
#include "domain/cluster/node_list.hpp"
#include "http/kube/client.hpp"
#include "http/kube/watch/reflector.hpp"

#include <functional>
#include <memory>

namespace dklb::actors {

/// An intake over a reflector of all Services. `mailboxLimit` of the configuration is its high
/// water: with that many objects not yet taken in by the watcher, the watch pauses.
intake_factory make_service_intake(std::shared_ptr<http::kube::client> client, runtime_ptr run);

/// Lists and watches the nodes, and tells all of them whenever something changes that pools look
/// at. Destroying it ends it.
class node_intake {
public:
  using listener = std::function<void(domain::node_list nodes)>;

  node_intake(std::shared_ptr<http::kube::client> client, runtime_ptr run, listener tell);
  ~node_intake();
  node_intake(const node_intake&) = delete;
  node_intake& operator=(const node_intake&) = delete;

private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

} // namespace dklb::actors
