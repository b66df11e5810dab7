#pragma once

#include "actors/base/base.hpp"
#include "actors/base/sure_reply.hpp"

#include <caf/typed_response_promise.hpp>

#include <exception>
#include <string>
#include <utility>

namespace dklb::actors {

/// Starts an asynchronous call and promises its outcome to the sender. `start` takes the reply
/// function of an HTTP client, which calls it on the engine's thread: it sends the gateway one
/// `call_completed`, because a promise belongs to its actor. Where `start` throws, as for an object
/// that cannot be encoded, this one request fails.
template <class Answer, class Self, class Start>
caf::typed_response_promise<Answer> promise_outcome(Self* self, Start start) {
  self->state.count();
  auto promise = self->template make_response_promise<Answer>();
  using handle_type = typename Self::actor_hdl;
  const sure_reply reply{[me = handle_type{self}, promise](auto outcome) {
    caf::anon_send(me, messages::call_completed{[promise, outcome = std::move(outcome)]() mutable {
                     promise.deliver(Answer{std::move(outcome)});
                   }});
  }};
  try {
    start(reply);
  } catch (const std::exception& problem) {
    reply(domain::error{domain::error_code::invalid,
                        std::string{"the request cannot be made: "} + problem.what(),
                        {},
                        0});
  }
  return promise;
}

} // namespace dklb::actors
