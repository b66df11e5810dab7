#pragma once

#include "domain/base/echo_guard.hpp"
#include "messages/messages.hpp"

#include <memory>
#include <string>
#include <utility>

namespace dklb::actors {

/// An actor's writes to one Service and what the watch tells of it meanwhile. Takes a pointer's
/// memory where there is nothing to wait for. Not thread-safe.
class own_writes {
public:
  using time = domain::echo_guard::time;

  enum class verdict {
    counts,
    held,      ///< older than our write, as far as is known
    first_held ///< the same, and `take_held` is to be called after echo_guard::patience
  };

  void begin() { edit().guard.begin(); }

  domain::echo_guard::answer answered(const std::string& version, time now) {
    const auto out = edit().guard.answered(version, now);
    forget_if_idle();
    return out;
  }

  void failed() {
    edit().guard.failed();
    forget_if_idle();
  }

  verdict accept(const messages::service_ptr& object, time now) {
    if (!state_)
      return verdict::counts;
    if (!state_->guard.accept(object->resource_version, now))
      return std::exchange(state_->held, object) ? verdict::held : verdict::first_held;
    state_->held = nullptr;
    forget_if_idle();
    return verdict::counts;
  }

  /// The newest snapshot that was held back, if any.
  messages::service_ptr take_held() {
    return state_ ? std::exchange(state_->held, nullptr) : nullptr;
  }

  /// For the echo of a write that was answered.
  bool waiting() const { return state_ && state_->guard.waiting(); }

  void forget() { state_.reset(); }

private:
  struct state {
    domain::echo_guard guard;
    messages::service_ptr held;
  };

  state& edit() {
    if (!state_)
      state_ = std::make_unique<state>();
    return *state_;
  }
  void forget_if_idle() {
    if (state_->guard.idle())
      state_.reset();
  }

  std::unique_ptr<state> state_;
};

} // namespace dklb::actors
