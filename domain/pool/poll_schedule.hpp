#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <tuple>

namespace dklb::domain {

/// The pauses between two polls (`concurrency.poll`).
struct poll_pauses {
  std::chrono::milliseconds min{1000};
  std::chrono::milliseconds max{120000};
};

/// When to ask for a pool's metadata again: `min` while an address is awaited, growing to `max`
/// once all are known.
class poll_schedule {
public:
  using time = std::chrono::milliseconds;

  /// The delay before the next poll. `random` in [0, 1) takes up to a quarter off it once all
  /// addresses are known, so that pools that were written together drift apart.
  time next(const poll_pauses& pauses, bool settled, double random) {
    last_ = settled ? std::min(pauses.max, std::max(last_, pauses.min) * 4) : pauses.min;
    if (!settled)
      return last_;
    const auto spread = std::chrono::duration<double, std::milli>{last_} * (1.0 - random / 4);
    return std::max(pauses.min, std::chrono::duration_cast<time>(spread));
  }
  void restart() { last_ = {}; }

private:
  time last_{};
};

/// Which of many pools is polled next. A poll of a pool whose address is awaited goes when it is
/// due. The others are background polls. They are limited to 24 in flight, so they never delay a
/// new Service. A background poll that is overdue by `max` goes all the same, so pools that EdgeLB
/// does not answer about never starve the others. Time is the caller's monotonic clock.
class poll_calendar {
public:
  using time = std::chrono::milliseconds;

  static constexpr std::size_t most_background = 24;

  struct entry {
    time due{};
    const std::string* pool = nullptr; ///< its name, where the caller keeps it; null: no entry
    bool awaited = false;
    time early{}; ///< how much early a background poll may go
  };

  /// How much early a background poll may go after this pause, so that one wake-up serves several.
  static time early(time pause) { return std::min(time{500}, pause / 8); }

  void add(const entry& what) { entries_.insert(what); }
  void remove(const entry& what) { entries_.erase(what); }

  /// Removes one that may go now and returns it. `in_flight`: background polls without an answer.
  std::optional<entry> take(const poll_pauses& pauses, time now, std::size_t in_flight);
  /// When to call take() again if nothing happens before.
  std::optional<time> next(const poll_pauses& pauses, std::size_t in_flight) const;

private:
  /// Awaited ones first, each kind by due time.
  struct order {
    static auto key(const entry& what) { return std::tuple{!what.awaited, what.due, what.pool}; }
    bool operator()(const entry& left, const entry& right) const { return key(left) < key(right); }
  };
  using entries = std::set<entry, order>;

  entries::const_iterator first_background() const;

  entries entries_;
};

} // namespace dklb::domain
