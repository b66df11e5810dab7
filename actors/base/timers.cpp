#include "actors/base/timers.hpp"

#include <utility>
#include <vector>

namespace dklb::actors {

using clock_base = caf::detail::simple_actor_clock;

void timers::start(const thread_maker& make) {
  thread_ = make("dklb-timers", [this] { run(); });
}

void timers::stop() {
  change([this] { stopping_ = true; });
  if (thread_.joinable())
    thread_.join();
  cancel_all();
}

/// Something is set or cancelled; wakes the thread where something is due sooner than it knows.
template <class Change>
void timers::change(Change what) {
  bool sooner = false;
  {
    const std::lock_guard lock(mutex_);
    what();
    sooner = stopping_ || (!schedule_.empty() && schedule_.begin()->first < awaited_);
    if (sooner)
      awaited_ = time_point::min(); // told once
  }
  if (sooner)
    earlier_.notify_one();
}

void timers::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::vector<unique_delayed_event_ptr> due;
    const auto moment = now();
    while (!schedule_.empty() && schedule_.begin()->first <= moment) {
      auto& first = schedule_.begin()->second;
      if (first->backlink != actor_lookup_.end())
        actor_lookup_.erase(first->backlink);
      due.push_back(std::move(first));
      schedule_.erase(schedule_.begin());
    }
    if (!due.empty()) {
      // Without the lock: whoever is told may end, and cancels its timers then.
      lock.unlock();
      for (const auto& timer : due)
        ship(*timer);
      due.clear();
      lock.lock();
      continue;
    }
    awaited_ = schedule_.empty() ? time_point::max() : schedule_.begin()->first;
    if (schedule_.empty())
      earlier_.wait(lock, [this] { return awaited_ == time_point::min(); });
    else
      earlier_.wait_until(lock, awaited_, [this] { return awaited_ == time_point::min(); });
  }
}

void timers::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                  uint64_t id) {
  change([&] { clock_base::set_ordinary_timeout(t, self, type, id); });
}

void timers::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                               uint64_t id) {
  change([&] { clock_base::set_multi_timeout(t, self, type, id); });
}

void timers::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  change([&] { clock_base::set_request_timeout(t, self, id); });
}

void timers::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  change([&] { clock_base::cancel_ordinary_timeout(self, type); });
}

void timers::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  change([&] { clock_base::cancel_request_timeout(self, id); });
}

void timers::cancel_timeouts(caf::abstract_actor* self) {
  change([&] { clock_base::cancel_timeouts(self); });
}

void timers::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                              caf::mailbox_element_ptr content) {
  change([&] { clock_base::schedule_message(t, std::move(receiver), std::move(content)); });
}

void timers::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                              caf::message content) {
  change([&] {
    clock_base::schedule_message(t, std::move(target), std::move(sender), std::move(content));
  });
}

void timers::cancel_all() {
  schedule_map dropped; // whatever ends with it may cancel its own timers
  change([&] {
    dropped.swap(schedule_);
    actor_lookup_.clear();
  });
}

} // namespace dklb::actors
