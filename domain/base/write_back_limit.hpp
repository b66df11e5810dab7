#pragma once

#include "domain/base/retry_policy.hpp"

#include <chrono>

namespace dklb::domain {

/// Limits the rate at which dklb undoes another program's changes of one object, so that two
/// writers that disagree do not keep the API server busy. The first change is undone at once. The
/// next ones are undone after at least 1 s, 2 s, 4 s and so on, up to 60 s. After five minutes
/// without a change, the limit starts anew. Time is the caller's monotonic clock. Not thread-safe.
class write_back_limit {
public:
  using time = std::chrono::milliseconds;

  static constexpr time longest_pause{60000};
  static constexpr time quiet{300000};

  /// Another program has changed the object. Zero: the caller undoes the change now, and that is
  /// counted. Otherwise: the time to wait before this is called again.
  time put_back(time now);

  /// True after three undone changes: another program writes the object whenever dklb does.
  bool contested(time now) const { return times_ >= 3 && !over(now); }

  /// True after the quiet time: the caller drops this object.
  bool over(time now) const { return now - last_ >= quiet; }

private:
  backoff pauses_;
  time last_{};  ///< when a change was last undone
  time pause_{}; ///< from `last_` to the next undo
  unsigned times_ = 0;
};

} // namespace dklb::domain
