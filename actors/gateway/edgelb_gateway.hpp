#pragma once

#include "actors/gateway/gateway.hpp"
#include "http/edgelb/client.hpp"

#include <memory>

namespace dklb::actors {

struct edgelb_gateway_state : actor_base {
  std::shared_ptr<answer_box> box;
};

/// Turns requests into calls of the EdgeLB client and its completions into answers. Holds nothing
/// but promises; whether a write may go out is asked by the client at the moment of the write.
messages::edgelb_gateway_actor::behavior_type
edgelb_gateway(messages::edgelb_gateway_actor::stateful_pointer<edgelb_gateway_state> self,
               runtime_ptr run, std::shared_ptr<http::edgelb::client> client);

} // namespace dklb::actors
