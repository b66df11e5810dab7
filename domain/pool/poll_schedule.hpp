#pragma once

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstddef>
#include <optional>
#include <set>
#include <string>

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

  /// The delay before the next poll. `random` in [0, 1) spreads pools that were written together,
  /// so that they do not ask in step for ever.
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

/// Which of many pools is polled next. A poll that somebody waits for (an address is not known yet)
/// goes when it is due. The others go a few at a time: alone, each would wake up the whole process,
/// which costs more than the poll; together, ten thousand pools that were written together would be
/// polled together, too, and whatever else comes along would wait for them. They never go much
/// faster than it takes to poll each once in `max`, however soon they are due.
class poll_calendar {
public:
  using time = std::chrono::milliseconds;

  /// What is due within a step goes at its beginning, `few` at a time.
  static constexpr time step{1000};
  static constexpr std::size_t few = 24;

  /// `phase`: where the steps of this calendar begin, for several that are not to go together.
  explicit poll_calendar(time phase) : phase_(phase % step) {}

  struct appointment {
    time due{};
    const std::string* pool = nullptr; ///< its name, where the caller keeps it; null: none made
    bool awaited = false;

    // NOLINTNEXTLINE(modernize-use-nullptr): the check mistakes what the compiler makes of it
    friend auto operator<=>(const appointment&, const appointment&) = default;
  };

  /// When one is due that nobody waits for; a short delay is kept.
  time due(time now, time delay) const {
    const auto exactly = now + delay;
    return delay < 4 * step ? exactly : exactly - (exactly + step - phase_) % step;
  }
  void add(const appointment& what) { queue_of(what).insert(what); }
  void remove(const appointment& what) { queue_of(what).erase(what); }

  /// Takes one that may go now; `under_way`: as many that nobody waits for are not answered yet.
  std::optional<appointment> take(const poll_pauses& pauses, time now, std::size_t under_way);
  /// When to ask again if nothing happens before.
  std::optional<time> next(const poll_pauses& pauses, std::size_t under_way) const;

private:
  using queue = std::set<appointment>;

  queue& queue_of(const appointment& what) { return what.awaited ? awaited_ : leisurely_; }
  time spacing(const poll_pauses& pauses) const;
  time start_of_leisurely(const poll_pauses& pauses, std::size_t under_way) const;

  time phase_;
  queue awaited_;
  queue leisurely_;
  time since_{};         ///< the last few began
  std::size_t gone_ = 0; ///< of them
};

} // namespace dklb::domain
