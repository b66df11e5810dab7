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
/// success. It counts and keeps no settings: they may change between two failures. Not thread-safe.
class backoff {
public:
  /// The delay before the next attempt, with the settings of this moment. A server's `retry_after`
  /// is used unchanged. `random` in [0, 1) scales the jitter.
  std::chrono::milliseconds next(const backoff_settings& settings,
                                 std::optional<std::chrono::milliseconds> retry_after = {},
                                 double random = 0.0);
  void reset() { attempts_ = 0; }
  /// Failures since the last success.
  std::uint32_t attempts() const { return attempts_; }

private:
  std::uint32_t attempts_ = 0;
};

/// The delays before restarts of the supervisor's children. Each name has a back-off of its own.
/// Time as for restart_intensity. Not thread-safe.
class restart_delays {
public:
  explicit restart_delays(backoff_settings settings) : settings_(settings) {}

  /// The child `name` failed at `now`: the delay before its restart. Children that have not failed
  /// for `quiet` start anew.
  std::chrono::milliseconds next(const std::string& name, std::chrono::milliseconds now,
                                 std::chrono::milliseconds quiet);
  void forget(const std::string& name) { failing_.erase(name); }

private:
  struct entry {
    backoff delay;
    std::chrono::milliseconds failed_at{};
  };

  backoff_settings settings_;
  std::map<std::string, entry> failing_;
};

/// The limit on restarts (`concurrency.supervisor`).
struct restart_limit {
  std::uint32_t max_restarts = 10;
  std::chrono::milliseconds window{60000};
};

/// Counts restarts: more than `max_restarts` within `window` means that the supervisor gives up.
/// Time is the caller's monotonic clock, as a duration since any fixed point. Not thread-safe.
class restart_intensity {
public:
  /// Counts a restart at `now`. False if the limit of this moment is exceeded.
  bool allow(const restart_limit& limit, std::chrono::milliseconds now);

private:
  std::deque<std::chrono::milliseconds> recent_;
};

} // namespace dklb::domain
