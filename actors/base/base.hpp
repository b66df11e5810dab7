#pragma once

#include "actors/base/runtime.hpp"
#include "http/engine/message.hpp"
#include "messages/directory.hpp"

#include <caf/actor_clock.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/local_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace dklb::actors {

using directory_ptr = std::shared_ptr<const messages::directory>;
using std::chrono::milliseconds;

/// What every actor's state begins with: who it is for introspection, whom it talks to, and what it
/// counts. Lives and dies with the actor, so the roster never shows a dead one.
class actor_base {
public:
  runtime_ptr run;
  directory_ptr peers;

  actor_base() = default;
  actor_base(const actor_base&) = delete;
  actor_base& operator=(const actor_base&) = delete;
  ~actor_base() {
    if (run)
      run->actors->remove(id_);
  }

  /// Enters the roster; call it once, first thing in the spawn function. A failing handler ends the
  /// actor with an error that the supervisor sees.
  template <class Self>
  void enlist(Self* self, runtime_ptr shared, directory_ptr handles, const char* kind,
              const std::string& key) {
    run = std::move(shared);
    peers = std::move(handles);
    name_ = std::make_unique<char[]>(key.size() + 1); // NOLINT(*-avoid-c-arrays): no more than that
    key.copy(name_.get(), key.size());
    id_ = self->id();
    since_ = std::chrono::system_clock::now();
    using handle_type = typename Self::actor_hdl;
    run->actors->add(id_, kind, own_name(), messages::describable_actor{handle_type{self}});
    self->set_exception_handler([this](std::exception_ptr& cause) { return broken(cause); });
  }

  /// Which of its kind it is: the pool's name, the Service's key; "" where there is only one.
  const char* own_name() const { return name_.get(); }
  /// Counts a handled message.
  void count() { ++processed_; }
  /// The state's name as introspection shows it; a literal.
  void enter(const char* name) {
    if (state_ == name)
      return;
    state_ = name;
    since_ = std::chrono::system_clock::now();
  }
  const char* state_name() const { return state_; }
  std::chrono::system_clock::time_point since() const { return since_; }
  /// Remembers a failure for introspection, "" where it is over.
  void failed(std::string what) {
    last_error_ = what.empty() ? nullptr : std::make_unique<const std::string>(std::move(what));
  }
  /// `explain` may have another answer now: for those who watch (actors/introspection/roster.hpp).
  void changed() const { run->actors->changed(id_); }
  std::string last_error() const { return last_error_ ? *last_error_ : std::string{}; }

  template <class Self>
  messages::actor_description describe(Self* self) {
    count();
    messages::actor_description out;
    out.state = state_;
    out.since = since_;
    out.mailbox = self->mailbox().size();
    out.processed = processed_;
    out.last_error = last_error();
    return out;
  }

private:
  /// Logs what a handler threw; the error that the actor ends with.
  caf::error broken(const std::exception_ptr& cause) const;

  std::unique_ptr<char[]> name_; // NOLINT(*-avoid-c-arrays)
  std::uint64_t id_ = 0;
  const char* state_ = "running";
  std::chrono::system_clock::time_point since_;
  std::uint64_t processed_ = 0;
  std::unique_ptr<const std::string> last_error_; ///< null: none

public:
  bool gate_open = false; ///< last, where a state's own flags find room beside it
};

/// Counts the message that is being handled; the state, to hand the message on to.
template <class State>
State& counted(State& state) {
  state.count();
  return state;
}

/// The actor's monotonic time (simulated in tests).
template <class Self>
milliseconds now(Self* self) {
  return std::chrono::duration_cast<milliseconds>(self->clock().now().time_since_epoch());
}

/// How long an actor waits for another that asks nobody outside.
constexpr milliseconds reply_deadline{30000};
/// How long an actor waits for a gateway. A client answers within the longest wait for a turn and
/// the time of one exchange or of a login (a minute); the rest is slack.
inline milliseconds gateway_deadline(milliseconds exchange) {
  return http::longest_turn + std::max(exchange, milliseconds{60000}) + milliseconds{10000};
}

/// Asks another actor. Calls one of the two, once: `answered` with an Answer, or `failed` with the
/// caf::error where the other ended or `deadline` has passed. An answer after that is dropped.
template <class Answer, class Self, class Handle, class Question, class Answered, class Failed>
void ask(Self* self, const Handle& whom, milliseconds deadline, Question&& what, Answered answered,
         Failed failed) {
  auto request = self->request(whom, deadline, std::forward<Question>(what));
  // The library leaves the timer of a request that was answered; it would keep this actor's memory.
  const auto over = [self, id = request.id()] { self->clock().cancel_request_timeout(self, id); };
  request.then(
    [over, answered = std::move(answered)](Answer& answer) {
      over();
      answered(answer);
    },
    [over, failed = std::move(failed)](caf::error& problem) {
      over();
      failed(problem);
    });
}

/// A failure of the messaging itself, in the domain's terms: whatever was asked may or may not have
/// happened.
inline domain::error to_domain(const caf::error& problem) {
  if (problem == caf::sec::request_timeout)
    return {domain::error_code::timeout, "the actor in charge did not answer in time", {}, 0};
  return {domain::error_code::cancelled, "the actor in charge was restarted", {}, 0};
}

} // namespace dklb::actors
