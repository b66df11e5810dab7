#pragma once

#include "domain/base/retry_policy.hpp"

#include <chrono>

namespace dklb::domain {

/// Bounds how often dklb puts back what another program changes on one object, so that two writers
/// that disagree cannot keep the API server busy. What was changed once is put back at once. If it
/// goes on, it is put back once a second at most, then every two, four, ... up to 60 s. After five
/// minutes without a change all is forgotten. Time is the caller's monotonic clock.
class write_back_limit {
public:
  using time = std::chrono::milliseconds;

  static constexpr time longest_pause{60000};
  static constexpr time quiet{300000};

  /// Another program has changed it. Zero: it may be put back now, and that counts as done.
  /// Otherwise: how long to wait before this is asked again.
  time put_back(time now);

  /// True once it was put back three times: another program writes it whenever dklb does.
  bool contested(time now) const { return times_ >= 3 && !over(now); }

  /// True after the quiet time: what is known of the other program is to be forgotten.
  bool over(time now) const { return now - last_ >= quiet; }

private:
  backoff pauses_{{time{1000}, longest_pause, 2.0, 0.0}};
  time last_{};  ///< when it was put back last
  time pause_{}; ///< from then on
  unsigned times_ = 0;
};

} // namespace dklb::domain
