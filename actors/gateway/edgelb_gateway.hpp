#pragma once

#include "actors/gateway/gateway.hpp"
#include "http/edgelb/client.hpp"

#include <memory>

namespace dklb::actors {

/// Turns requests into calls of the EdgeLB client and its completions into answers. Holds nothing
/// but promises; whether a write may go out is asked by the client at the moment of the write.
messages::edgelb_gateway_actor::behavior_type
edgelb_gateway(messages::edgelb_gateway_actor::stateful_pointer<actor_base> self, runtime_ptr run,
               std::shared_ptr<http::edgelb::client> client);

} // namespace dklb::actors
