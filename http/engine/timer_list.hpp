#pragma once

#include "http/engine/engine.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace dklb::http {

/// Timers in the order of their time, then of their start. Of one thread; actions may change it.
class timer_list {
public:
  using clock = std::chrono::steady_clock;

  void add(handle_id timer, clock::time_point when, std::function<void()> action);
  /// False where no such timer waits.
  bool cancel(handle_id timer);
  /// Takes the first action that is due.
  std::function<void()> take_due(clock::time_point now);
  std::optional<clock::time_point> next() const;
  void clear();

private:
  using key = std::pair<clock::time_point, handle_id>;

  std::map<key, std::function<void()>> actions_;
  std::unordered_map<handle_id, clock::time_point> times_;
};

} // namespace dklb::http
