#include "http/engine/timer_list.hpp"

namespace dklb::http {

void timer_list::add(handle_id timer, clock::time_point when, std::function<void()> action) {
  actions_.emplace(key{when, timer}, std::move(action));
  times_.emplace(timer, when);
}

bool timer_list::cancel(handle_id timer) {
  const auto found = times_.find(timer);
  if (found == times_.end()) {
    return false;
  }
  // Taken out first: destroying an action may cancel further timers.
  auto action = actions_.extract(key{found->second, timer});
  times_.erase(found);
  return true;
}

std::function<void()> timer_list::take_due(clock::time_point now) {
  if (actions_.empty() || actions_.begin()->first.first > now) {
    return nullptr;
  }
  auto first = actions_.extract(actions_.begin());
  times_.erase(first.key().second);
  return std::move(first.mapped());
}

std::optional<timer_list::clock::time_point> timer_list::next() const {
  if (actions_.empty()) {
    return std::nullopt;
  }
  return actions_.begin()->first.first;
}

void timer_list::clear() {
  times_.clear();
  while (!actions_.empty()) {
    auto first = actions_.extract(actions_.begin());
  }
}

} // namespace dklb::http
