#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace dklb::domain {

/// Limits the log lines of failures that many Services or pools have at once, such as an EdgeLB
/// that is away: ten lines a minute for each cause. Time is the caller's monotonic clock. Not
/// thread-safe.
class line_limit {
public:
  using time = std::chrono::milliseconds;

  static constexpr std::size_t burst = 10;
  static constexpr time window{60000};
  /// Beyond these, new causes share one.
  static constexpr std::size_t most_causes = 200;

  /// A line of this cause is to be logged at `now`. Empty: leave it out. Otherwise the number of
  /// lines of the cause that were left out since its last line.
  std::optional<std::size_t> allow(const std::string& cause, time now);

private:
  struct counted {
    time since{};
    std::size_t lines = 0; ///< since then
    std::size_t left_out = 0;
  };

  std::map<std::string, counted> causes_;
};

} // namespace dklb::domain
