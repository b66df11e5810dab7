// What any thread may ask of the engine's: its start and end, the inbox, the targets.
#include "http/engine/engine_loop.hpp"

#include <new>
#include <stdexcept>

namespace dklb::http {

engine_loop::engine_loop(std::size_t answer_budget) : answers_(answer_budget) {
  initialise_curl();
  multi_.reset(curl_multi_init());
  if (multi_ == nullptr) {
    throw std::bad_alloc();
  }
  (void)curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
}

void engine_loop::start() {
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void engine_loop::join() {
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void engine_loop::detach() {
  if (thread_.joinable()) {
    thread_.detach();
  }
}

bool engine_loop::push(command& what) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      return false;
    }
    // What has to wait for a slot is found when one becomes free, which wakes the thread anyway: it
    // sleeps, so nothing ends or starts meanwhile.
    const bool waits = what.request != nullptr && what.request->owner()->full();
    inbox_.push_back(std::move(what));
    if (sleeping_ && !waits) {
      wake = true;
      sleeping_ = false;
    }
  }
  if (wake) {
    (void)curl_multi_wakeup(multi_.get());
  }
  return true;
}

bool engine_loop::post(std::function<void()> action) {
  command posted;
  posted.action = std::move(action);
  return push(posted);
}

target_id engine_loop::add_target(const target_settings& settings) {
  auto queue = std::make_unique<target_queue>(settings);
  post([this, added = queue.get()] {
    queues_.push_back(added);
    size_connection_cache();
  });
  const std::lock_guard lock(mutex_);
  targets_.push_back(std::move(queue));
  return static_cast<target_id>(targets_.size() - 1);
}

/// The thread looks at what waits after each command, so a raised bound is used at once.
void engine_loop::set_limits(target_id target, const target_limits& limits) {
  post([this, queue = &find_target(target), limits] {
    queue->set_limits(limits, clock::now());
    size_connection_cache();
  });
}

target_queue& engine_loop::find_target(target_id target) const {
  const std::lock_guard lock(mutex_);
  if (target >= targets_.size()) {
    throw std::out_of_range("no such target of the HTTP engine");
  }
  // Targets are never removed.
  return *targets_[target];
}

} // namespace dklb::http
