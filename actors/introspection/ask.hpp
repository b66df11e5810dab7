#pragma once

#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace dklb::actors {

/// How long a thread of the HTTP server waits for an actor. The introspection actor itself gives
/// the others a little less.
constexpr std::chrono::milliseconds page_patience{950};

/// Asks an actor from a thread that is none. Empty if it does not answer in time, or if the handle
/// is null.
template <class Answer, class Handle, class Question>
std::optional<Answer> ask_from_outside(caf::actor_system& system, const Handle& whom,
                                       Question question) {
  std::optional<Answer> out;
  if (!whom)
    return out;
  caf::scoped_actor self{system};
  self->request<caf::message_priority::high>(whom, page_patience, std::move(question))
    .receive([&](Answer& answer) { out = std::move(answer); }, [](const caf::error&) {});
  return out;
}

} // namespace dklb::actors
