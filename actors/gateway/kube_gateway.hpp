#pragma once

#include "actors/gateway/gateway.hpp"
#include "http/kube/client.hpp"

#include <memory>

namespace dklb::actors {

/// Turns requests into calls of the Kubernetes client and its completions into answers.
messages::kube_gateway_actor::behavior_type
kube_gateway(messages::kube_gateway_actor::stateful_pointer<actor_base> self, runtime_ptr run,
             std::shared_ptr<http::kube::client> client);

} // namespace dklb::actors
