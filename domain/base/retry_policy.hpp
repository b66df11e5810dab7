#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace dklb::domain {

/// Delays of a back-off.
struct backoff_settings {
  std::chrono::milliseconds base{5000};
  std::chrono::milliseconds max{300000};
  double factor = 2.0;
  double jitter = 0.0; ///< the delay is multiplied by 1 + jitter * random
};

/// Exponential back-off with a cap. The caller calls next() after a failure and reset() after a
/// success. Not thread-safe.
class backoff {
public:
  explicit backoff(backoff_settings settings = {}) : settings_(settings) {}

  /// The delay before the next attempt. A server's `retry_after` is used unchanged. `random` in
  /// [0, 1) scales the jitter.
  std::chrono::milliseconds next(std::optional<std::chrono::milliseconds> retry_after = {},
                                 double random = 0.0);
  void reset() { attempts_ = 0; }
  /// Failures since the last success.
  std::uint32_t attempts() const { return attempts_; }

private:
  backoff_settings settings_;
  std::uint32_t attempts_ = 0;
};

/// The delays before restarts of the supervisor's children. Each name has a back-off of its own. It
/// starts anew after `quiet` without a failure. Time as for restart_intensity. Not thread-safe.
class restart_delays {
public:
  restart_delays(backoff_settings settings, std::chrono::milliseconds quiet)
    : settings_(settings), quiet_(quiet) {}

  /// The child `name` failed at `now`: the delay before its restart.
  std::chrono::milliseconds next(const std::string& name, std::chrono::milliseconds now);
  void forget(const std::string& name) { failing_.erase(name); }

private:
  struct entry {
    backoff delay;
    std::chrono::milliseconds failed_at{};
  };

  backoff_settings settings_;
  std::chrono::milliseconds quiet_;
  std::map<std::string, entry> failing_;
};

/// The limit on restarts: more than `max_restarts` within `window` means that the supervisor gives
/// up. Time is the caller's monotonic clock, as a duration since any fixed point. Not thread-safe.
class restart_intensity {
public:
  restart_intensity(std::uint32_t max_restarts, std::chrono::milliseconds window)
    : max_restarts_(max_restarts), window_(window) {}

  /// Counts a restart at `now`. False if the limit is exceeded.
  bool allow(std::chrono::milliseconds now);

private:
  std::uint32_t max_restarts_;
  std::chrono::milliseconds window_;
  std::deque<std::chrono::milliseconds> recent_;
};

} // namespace dklb::domain
