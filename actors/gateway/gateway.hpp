#pragma once

#include "actors/base/base.hpp"
#include "actors/base/sure_reply.hpp"
#include "http/engine/engine.hpp"

#include <caf/typed_response_promise.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dklb::actors {

/// What the engine's thread has for a gateway. A promise belongs to its actor, so an answer goes
/// through the gateway's mailbox; those that come in one turn of the engine go together, because
/// waking an actor costs more than handing out an answer. Any thread.
class answer_box : public std::enable_shared_from_this<answer_box> {
public:
  explicit answer_box(http::engine& engine) : engine_(engine) {}

  /// `deliver` is called by the gateway `to`, soon.
  template <class Actor>
  void put(const Actor& to, std::function<void()> deliver) {
    {
      const std::lock_guard lock{mutex_};
      waiting_.push_back(std::move(deliver));
      if (waiting_.size() > 1)
        return; // whoever came first sees to it
    }
    auto hand_over = [self = shared_from_this(), to] { self->hand_over(to); };
    if (!engine_.post(hand_over))
      hand_over();
  }

private:
  template <class Actor>
  void hand_over(const Actor& to) {
    std::vector<std::function<void()>> all;
    {
      const std::lock_guard lock{mutex_};
      all.swap(waiting_);
    }
    caf::anon_send(to, messages::call_completed{[all = std::move(all)] {
                     for (const auto& deliver : all)
                       deliver();
                   }});
  }

  http::engine& engine_;
  std::mutex mutex_;
  std::vector<std::function<void()>> waiting_;
};

/// Starts an asynchronous call and promises its outcome to the sender. `start` takes the reply
/// function of an HTTP client, which calls it on the engine's thread. Where it throws, as for an
/// object that cannot be encoded, this one request fails.
template <class Answer, class Self, class Start>
caf::typed_response_promise<Answer> promise_outcome(Self* self, Start start) {
  self->state.count();
  auto promise = self->template make_response_promise<Answer>();
  using handle_type = typename Self::actor_hdl;
  const sure_reply reply{[me = handle_type{self}, box = self->state.box, promise](auto outcome) {
    box->put(me, [promise, outcome = std::move(outcome)]() mutable {
      promise.deliver(Answer{std::move(outcome)});
    });
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
