// The half of the loop that any thread may call: it fills the inbox.
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

engine_loop::~engine_loop() = default;

void engine_loop::start() {
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

bool engine_loop::on_thread() const {
  return thread_id_.load() == std::this_thread::get_id();
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

void engine_loop::stop(std::chrono::milliseconds grace) {
  const auto deadline = clock::now() + grace;
  post([this, deadline] { begin_stop(deadline); });
  if (on_thread()) {
    return;
  }
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void engine_loop::shut_down() {
  stop(std::chrono::milliseconds(0));
  if (on_thread() && thread_.joinable()) {
    thread_.detach();
  }
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

target_queue* engine_loop::find_target(target_id target) const {
  const std::lock_guard lock(mutex_);
  if (target >= targets_.size()) {
    throw std::out_of_range("no such target of the HTTP engine");
  }
  // Targets are never removed.
  return targets_[target].get();
}

void engine_loop::set_limits(target_id target, std::size_t max_in_flight, double queries_per_second,
                             int burst) {
  target_queue* const queue = find_target(target);
  post([this, queue, max_in_flight, queries_per_second, burst] {
    queue->set_limits(max_in_flight, queries_per_second, burst);
    size_connection_cache();
  });
}

void engine_loop::send(target_id target, std::shared_ptr<const endpoint> where, request what,
                       completion done) {
  target_queue* const queue = find_target(target);
  command sent;
  sent.request =
    std::make_unique<request_transfer>(std::move(where), std::move(what), std::move(done), queue);
  queue->announce();
  if (!push(sent)) {
    queue->retract();
    sent.request->fail(engine_ended());
  }
}

handle_id engine_loop::open_stream(std::shared_ptr<const endpoint> where, request what,
                                   stream_handler handler, std::chrono::milliseconds idle_timeout) {
  const handle_id id = next_handle_.fetch_add(1);
  command opened;
  opened.stream = std::make_unique<stream_transfer>(std::move(where), std::move(what),
                                                    std::move(handler), idle_timeout, id);
  if (!push(opened)) {
    opened.stream->fail(engine_ended());
  }
  return id;
}

void engine_loop::pause_stream(handle_id stream) {
  const auto pause = [this, stream] {
    if (stream_transfer* const found = find_stream(stream)) {
      found->pause();
    }
  };
  // At once where possible, so that not one more chunk is told.
  if (on_thread() && find_stream(stream) != nullptr) {
    pause();
  } else {
    post(pause);
  }
}

void engine_loop::resume_stream(handle_id stream) {
  if (on_thread()) {
    if (stream_transfer* const found = find_stream(stream)) {
      found->resume();
    }
  }
  // libcurl is told later in any case: it must not be entered again from its own callbacks.
  post([this, stream, resumed = on_thread()] {
    if (stream_transfer* const found = find_stream(stream)) {
      if (!resumed) {
        found->resume();
      }
      found->release_held();
    }
  });
}

void engine_loop::cancel_stream(handle_id stream) {
  if (on_thread()) {
    if (stream_transfer* const found = find_stream(stream)) {
      found->cancel();
    }
  }
  post([this, stream] {
    if (const stream_transfer* const found = find_stream(stream)) {
      end_stream(stream, found->cancellation());
    }
  });
}

handle_id engine_loop::after(std::chrono::milliseconds delay, std::function<void()> action) {
  const handle_id id = next_handle_.fetch_add(1);
  const auto when = clock::now() + delay;
  if (on_thread()) {
    timers_.add(id, when, std::move(action));
  } else {
    post([this, id, when, action = std::move(action)]() mutable {
      timers_.add(id, when, std::move(action));
    });
  }
  return id;
}

void engine_loop::cancel_timer(handle_id timer) {
  if (!on_thread() || !timers_.cancel(timer)) {
    post([this, timer] { (void)timers_.cancel(timer); });
  }
}

bool engine_loop::post(std::function<void()> action) {
  command posted;
  posted.action = std::move(action);
  return push(posted);
}

target_statistics engine_loop::statistics(target_id target) const {
  return find_target(target)->statistics();
}

} // namespace dklb::http
