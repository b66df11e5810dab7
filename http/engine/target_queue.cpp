#include "http/engine/target_queue.hpp"

#include <algorithm>

namespace dklb::http {

token_bucket::token_bucket(double rate, int burst)
  : rate_(std::max(rate, 0.0)), burst_(std::max(burst, 1)), tokens_(burst_) {}

void token_bucket::change(double rate, int burst, clock::time_point now) {
  const bool was_limited = rate_ > 0;
  if (was_limited) {
    refill(now);
  }
  rate_ = std::max(rate, 0.0);
  burst_ = std::max(burst, 1);
  tokens_ = was_limited ? std::min(tokens_, burst_) : burst_;
  filled_ = now;
}

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
  : name_(settings.name), max_in_flight_(std::max<std::size_t>(settings.limits.max_in_flight, 1)),
    bucket_(settings.limits.queries_per_second, settings.limits.burst) {}

void target_queue::set_limits(const target_limits& limits, clock::time_point now) {
  max_in_flight_.store(std::max<std::size_t>(limits.max_in_flight, 1), std::memory_order_relaxed);
  bucket_.change(limits.queries_per_second, limits.burst, now);
}

void target_queue::push(std::unique_ptr<request_transfer> transfer) {
  fifo& queue = transfer->what().priority == priority::low ? low_ : normal_;
  queue.push_back({std::move(transfer), clock::now()});
}

std::unique_ptr<request_transfer> target_queue::pop_from(fifo& queue) {
  std::unique_ptr<request_transfer> first = std::move(queue.front().transfer);
  queue.pop_front();
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  return first;
}

std::unique_ptr<request_transfer> target_queue::pop_any() {
  if (!normal_.empty()) {
    return pop_from(normal_);
  }
  return low_.empty() ? nullptr : pop_from(low_);
}

std::unique_ptr<request_transfer> target_queue::pop(clock::time_point now) {
  fifo* const queue = next_queue(now);
  return queue != nullptr && bucket_.available(now) ? pop_from(*queue) : nullptr;
}

target_queue::fifo* target_queue::next_queue(clock::time_point now) {
  if (full()) {
    return nullptr;
  }
  const bool may_be_low =
    !low_.empty() && low_in_flight_ < std::max<std::size_t>(max_in_flight() / 4, 1);
  if (normal_.empty()) {
    return may_be_low ? &low_ : nullptr;
  }
  const bool is_due = may_be_low && low_.front().since + longest_wait <= now
                      && low_.front().since < normal_.front().since;
  return is_due ? &low_ : &normal_;
}

void target_queue::started(priority order, clock::time_point now) {
  bucket_.take(now);
  low_in_flight_ += order == priority::low ? 1U : 0U;
  const std::size_t count = in_flight_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (count > peak_in_flight_.load(std::memory_order_relaxed)) {
    peak_in_flight_.store(count, std::memory_order_relaxed);
  }
}

void target_queue::finished(priority order) {
  low_in_flight_ -= order == priority::low ? 1U : 0U;
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  finished_.fetch_add(1, std::memory_order_relaxed);
}

std::optional<target_queue::clock::time_point> target_queue::ready_at(clock::time_point now) {
  if (next_queue(now) == nullptr) {
    return std::nullopt;
  }
  return bucket_.next(now);
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
