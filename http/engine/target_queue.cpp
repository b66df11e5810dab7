#include "http/engine/target_queue.hpp"

#include <algorithm>

namespace dklb::http {

token_bucket::token_bucket(double rate, int burst)
  : rate_(std::max(rate, 0.0)), burst_(std::max(burst, 1)), tokens_(burst_) {}

void token_bucket::refill(clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - filled_).count();
  if (seconds > 0) {
    tokens_ = std::min(burst_, tokens_ + seconds * rate_);
    filled_ = now;
  }
}

bool token_bucket::available(clock::time_point now) {
  if (rate_ <= 0) {
    return true;
  }
  refill(now);
  return tokens_ >= 1;
}

void token_bucket::take(clock::time_point now) {
  if (rate_ > 0) {
    refill(now);
    tokens_ -= 1;
  }
}

token_bucket::clock::time_point token_bucket::next(clock::time_point now) {
  if (available(now)) {
    return now;
  }
  const std::chrono::duration<double> wait((1 - tokens_) / rate_);
  // One tick more than computed: rounding down would wake too early and find nothing.
  return now + std::chrono::duration_cast<clock::duration>(wait) + std::chrono::microseconds(1);
}

target_queue::target_queue(const target_settings& settings)
  : name_(settings.name), max_in_flight_(std::max<std::size_t>(settings.max_in_flight, 1)),
    bucket_(settings.queries_per_second, settings.burst) {}

void target_queue::push(std::unique_ptr<request_transfer> transfer) {
  const auto index = static_cast<std::size_t>(transfer->what().priority);
  queues_.at(index).push_back({std::move(transfer), clock::now()});
}

std::unique_ptr<request_transfer> target_queue::pop_any() {
  for (auto& queue : queues_) {
    if (!queue.empty()) {
      std::unique_ptr<request_transfer> first = std::move(queue.front().transfer);
      queue.pop_front();
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      return first;
    }
  }
  return nullptr;
}

std::unique_ptr<request_transfer> target_queue::pop(clock::time_point now) {
  const auto first = first_at();
  return first && *first <= now && bucket_.available(now) ? pop_any() : nullptr;
}

std::optional<target_queue::clock::time_point> target_queue::first_at() const {
  if (full()) {
    return std::nullopt;
  }
  const auto& low = queues_.back();
  const bool pressing = std::any_of(queues_.begin(), queues_.end() - 1,
                                    [](const auto& queue) { return !queue.empty(); });
  if (pressing) {
    return clock::time_point::min();
  }
  if (low.empty() || low_in_flight_ >= std::max<std::size_t>(max_in_flight_ / 4, 1)) {
    return std::nullopt;
  }
  const auto latest = low.front().since + longest_courtesy;
  const bool alone = in_flight_.load(std::memory_order_relaxed) == low_in_flight_;
  return alone ? std::min(latest, busy_until_ + quiet) : latest;
}

void target_queue::started(priority order, clock::time_point now) {
  bucket_.take(now);
  low_in_flight_ += order == priority::low ? 1U : 0U;
  const std::size_t count = in_flight_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (count > peak_in_flight_.load(std::memory_order_relaxed)) {
    peak_in_flight_.store(count, std::memory_order_relaxed);
  }
}

void target_queue::finished(priority order, clock::time_point now) {
  if (order == priority::low) {
    --low_in_flight_;
  } else {
    busy_until_ = now;
  }
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  finished_.fetch_add(1, std::memory_order_relaxed);
}

std::optional<target_queue::clock::time_point> target_queue::ready_at(clock::time_point now) {
  const auto first = first_at();
  if (!first) {
    return std::nullopt;
  }
  return std::max(*first, bucket_.next(now));
}

target_statistics target_queue::statistics() const {
  target_statistics snapshot;
  snapshot.name = name_;
  snapshot.in_flight = in_flight_.load(std::memory_order_relaxed);
  snapshot.waiting = waiting_.load(std::memory_order_relaxed);
  snapshot.peak_in_flight = peak_in_flight_.load(std::memory_order_relaxed);
  snapshot.finished = finished_.load(std::memory_order_relaxed);
  return snapshot;
}

} // namespace dklb::http
