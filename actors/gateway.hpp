#pragma once

#include "actors/base.hpp"

#include <caf/typed_response_promise.hpp>

#include <utility>

namespace dklb::actors {

/// Starts an asynchronous call and promises its outcome to the sender. `start` takes the reply
/// function of an HTTP client, which calls it on the engine's thread; the answer then goes through
/// the gateway's mailbox, because a promise belongs to its actor.
template <class Answer, class Self, class Start>
caf::typed_response_promise<Answer> promise_outcome(Self* self, Start start) {
  self->state.count();
  auto promise = self->template make_response_promise<Answer>();
  using handle_type = typename Self::actor_hdl;
  start([me = handle_type{self}, promise](auto outcome) {
    caf::anon_send(me, messages::call_completed{[promise, outcome = std::move(outcome)]() mutable {
                     promise.deliver(Answer{std::move(outcome)});
                   }});
  });
  return promise;
}

} // namespace dklb::actors
