#pragma once

#include "domain/base/error.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace dklb::actors {

/// The reply function that an actor hands to an HTTP client; may be copied, any thread. `tell` is
/// called once: with the first outcome, or with an error when the last copy goes and none has come.
/// So whoever waits is answered also where an exception ended a callback on the way.
template <class Tell>
class sure_reply {
public:
  explicit sure_reply(Tell tell) : state_(std::make_shared<state>(std::move(tell))) {}

  template <class Outcome>
  void operator()(Outcome outcome) const {
    if (!state_->answered.exchange(true))
      state_->tell(std::move(outcome));
  }

private:
  struct state {
    explicit state(Tell how) : tell(std::move(how)) {}
    ~state() {
      if (!answered)
        tell(domain::error{domain::error_code::cancelled,
                           "the answer was lost in this process; the log says why",
                           {},
                           0});
    }
    state(const state&) = delete;
    state& operator=(const state&) = delete;

    Tell tell;
    std::atomic<bool> answered{false};
  };

  std::shared_ptr<state> state_;
};

} // namespace dklb::actors
