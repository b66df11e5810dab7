#pragma once

#include <algorithm>
#include <chrono>

namespace dklb::domain {

/// When to ask for a pool's metadata again: `min` while an address is awaited, growing to `max`
/// once all are known.
class poll_schedule {
public:
  using time = std::chrono::milliseconds;

  poll_schedule(time min, time max) : min_(min), max_(max), next_(min) {}

  /// The delay before the next poll. `random` in [0, 1) spreads pools that were written together,
  /// so that they do not ask in step for ever.
  time next(bool settled, double random) {
    if (!settled) {
      next_ = min_;
      return min_;
    }
    next_ = std::min(max_, next_ * 4);
    const auto spread = std::chrono::duration<double, std::milli>{next_} * (1.0 - random / 4);
    return std::max(min_, std::chrono::duration_cast<time>(spread));
  }
  void restart() { next_ = min_; }

  /// The delay from `now` to the poll, where one that has time is brought forward to the whole
  /// quarter of a second, together with all others of it: a process that wakes up for each of ten
  /// thousand pools alone spends most of its time waking up. Polls that come soon after a write are
  /// many, and others would wait for all of them if they went out together.
  static time in_step(time now, time delay) {
    constexpr time step{250};
    constexpr time time_enough{30000};
    return delay < time_enough ? delay : delay - (now + delay) % step;
  }

private:
  time min_;
  time max_;
  time next_;
};

} // namespace dklb::domain
