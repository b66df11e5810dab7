#include "http/engine/stand_in.hpp"

#include "http/engine/thread_setup.hpp"

#include <utility>

namespace dklb::http {

stand_in::stand_in(replacement take_over)
  : take_over_(std::move(take_over)), thread_([this] { run(); }) {}

stand_in::~stand_in() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void stand_in::leave() {
  absences_.fetch_add(1);
  if (looking_.exchange(true)) {
    return;
  }
  // Under the lock, or the notice could come between the stand-in's look and its sleep.
  const std::lock_guard lock(mutex_);
  wake_.notify_one();
}

bool stand_in::come_back() {
  absences_.fetch_add(1);
  return taken_over_.load();
}

/// False at the end.
bool stand_in::sleep(bool without_end) {
  std::unique_lock lock(mutex_);
  if (without_end) {
    wake_.wait(lock, [this] { return ending_ || looking_.load(); });
  } else {
    wake_.wait_for(lock, patience, [this] { return ending_; });
  }
  return !ending_;
}

void stand_in::run() {
  set_up_thread("dklb-http-2");
  std::uint64_t seen = 0;
  while (sleep(!looking_.load())) {
    const auto now = absences_.load();
    const bool away = now % 2 == 1;
    if (away && now == seen) {
      taken_over_.store(true);
      take_over_([this, now] { return absences_.load() == now; });
      taken_over_.store(false);
    } else if (!away && now == seen) {
      // Whoever leaves from now on wakes this thread; one that left just before is seen here.
      looking_.store(false);
      if (absences_.load() != now) {
        looking_.store(true);
      }
    }
    seen = now;
  }
}

} // namespace dklb::http
