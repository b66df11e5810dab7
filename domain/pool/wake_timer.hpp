#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace dklb::domain {

/// One armed timer for one purpose, for senders whose delayed messages cannot be recalled. Each
/// message carries an epoch, and the owner drops a message whose epoch is not the armed one. A
/// message may come before the owner has something to do; the owner then arms the timer again.
/// Time is the caller's monotonic clock.
class wake_timer {
public:
  using time = std::chrono::milliseconds;

  /// Returns the epoch of the message to send, due at `due`. Returns nothing while a message is
  /// armed that is due no later.
  std::optional<std::uint64_t> arm(time due) {
    if (due_ && *due_ <= due)
      return std::nullopt;
    due_ = due;
    return ++epoch_;
  }

  /// A message has come. False where it is not the armed one.
  bool came(std::uint64_t epoch) {
    if (!due_ || epoch != epoch_)
      return false;
    due_.reset();
    return true;
  }

private:
  std::optional<time> due_;
  std::uint64_t epoch_ = 0;
};

} // namespace dklb::domain
