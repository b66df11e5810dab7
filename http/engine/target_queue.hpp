#pragma once

#include "http/engine/engine.hpp"
#include "http/engine/request_transfer.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>

namespace dklb::http {

/// A token bucket: `burst` at once, `rate` a second in the long run. No rate: no limit.
class token_bucket {
public:
  using clock = std::chrono::steady_clock;

  /// A negative or zero rate is no limit; a burst below one counts as one.
  token_bucket(double rate, int burst);
  /// Changes both; tokens that are there stay, up to the new burst. A bucket that had no limit
  /// starts full.
  void change(double rate, int burst, clock::time_point now);
  bool available(clock::time_point now);
  void take(clock::time_point now);
  /// When the next token will be there; `now` or earlier where one is.
  clock::time_point next(clock::time_point now);

private:
  void refill(clock::time_point now);

  double rate_;
  double burst_;
  double tokens_;
  clock::time_point filled_;
};

/// The requests of one target that wait, and how many are in flight. Of the engine's thread, but
/// for `announce`, `retract`, `full` and `statistics`, which any thread may call.
class target_queue {
public:
  using clock = std::chrono::steady_clock;

  /// A request of low priority starts where no normal one waits, or where it has waited this long
  /// and longer than they have. All of them together have a quarter of the slots.
  static constexpr std::chrono::milliseconds longest_wait{250};

  /// A limit of zero counts as one.
  explicit target_queue(const target_settings& settings);

  std::size_t max_in_flight() const { return max_in_flight_.load(std::memory_order_relaxed); }
  void set_limits(const target_limits& limits, clock::time_point now);
  /// Whether no request may start before another has ended.
  bool full() const { return in_flight_.load(std::memory_order_relaxed) >= max_in_flight(); }

  /// A request is on its way to `push`.
  void announce() { waiting_.fetch_add(1, std::memory_order_relaxed); }
  /// It is not, after all.
  void retract() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  /// Queues an announced request; each class is first come, first served.
  void push(std::unique_ptr<request_transfer> transfer);
  /// The next request that may start now; null where none waits or a limit is reached. The caller
  /// says `started` or, where it never began, nothing.
  std::unique_ptr<request_transfer> pop(clock::time_point now);
  /// The next waiting request, limits or not.
  std::unique_ptr<request_transfer> pop_any();
  void started(priority order, clock::time_point now);
  /// A request that had started is over.
  void finished(priority order);
  /// When a request may start that waits for nothing but the rate.
  std::optional<clock::time_point> ready_at(clock::time_point now);

  target_statistics statistics() const;

private:
  struct waiting {
    std::unique_ptr<request_transfer> transfer;
    clock::time_point since;
  };

  using fifo = std::deque<waiting>;

  /// The queue whose first request may start, the rate aside; null where a slot has to become free
  /// first, or none waits.
  fifo* next_queue(clock::time_point now);
  std::unique_ptr<request_transfer> pop_from(fifo& queue);

  const std::string name_;
  std::atomic<std::size_t> max_in_flight_;
  token_bucket bucket_;
  fifo normal_;
  fifo low_;
  std::size_t low_in_flight_ = 0;
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::size_t> peak_in_flight_{0};
  std::atomic<std::uint64_t> finished_{0};
};

} // namespace dklb::http
