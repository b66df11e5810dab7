#include "http/engine/engine_loop.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>

namespace dklb::http {

namespace {

/// How long the thread sleeps at most where nothing is due; wake-ups do not depend on it.
constexpr std::chrono::milliseconds longest_sleep{60000};
/// Idle connections kept beyond the sum of the limits.
constexpr std::size_t spare_connections = 8;

/// Signals are the main thread's.
void set_up_thread() {
  sigset_t all;
  sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, nullptr);
  (void)pthread_setname_np(pthread_self(), "dklb-http");
}

} // namespace

void engine_loop::run() {
  set_up_thread();
  thread_id_.store(std::this_thread::get_id());
  while (turn()) {
  }
  drop_timers();
  thread_id_.store({}); // the system may give this thread's id to another one
}

/// One look at everything; false once the engine has ended.
bool engine_loop::turn() {
  take_commands();
  run_timers();
  if (stopping_ && ended()) {
    return false;
  }
  const bool started = start_waiting();
  const bool more = std::any_of(streams_.begin(), streams_.end(),
                                [](const auto& item) { return item.second->has_more(); });
  if (!started && !more) {
    wait();
  }
  perform();
  return true;
}

void engine_loop::take_commands() {
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(inbox_);
  }
  for (command& each : taken_) {
    execute(each);
  }
  taken_.clear();
}

void engine_loop::add_timer(handle_id timer, clock::time_point when, std::function<void()> action) {
  timers_.emplace(timer_key(when, timer), std::move(action));
}

// A timer is taken out before its action is called or destroyed: both may change the timers.

bool engine_loop::cancel_timer(handle_id timer) {
  const auto found = std::find_if(timers_.begin(), timers_.end(),
                                  [&](const auto& item) { return item.first.second == timer; });
  if (found == timers_.end()) {
    return false;
  }
  const auto cancelled = timers_.extract(found);
  return true;
}

void engine_loop::run_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= clock::now()) {
    const auto due = timers_.extract(timers_.begin());
    call_guarded(due.mapped());
  }
}

void engine_loop::drop_timers() {
  while (!timers_.empty()) {
    const auto dropped = timers_.extract(timers_.begin());
  }
}

void engine_loop::execute(command& what) {
  if (what.action) {
    call_guarded(what.action);
  } else if (what.request != nullptr) {
    target_queue& queue = *what.request->owner();
    queue.push(std::move(what.request));
    if (stopping_) {
      queue.pop_any()->fail(engine_ended());
    }
  } else if (stopping_) {
    what.stream->fail(engine_ended());
  } else {
    open(std::move(what.stream));
  }
}

bool engine_loop::start_waiting() {
  bool any = false;
  for (target_queue* const queue : queues_) {
    while (auto next = queue->pop(clock::now())) {
      any = start(std::move(next), *queue) || any;
    }
  }
  return any;
}

bool engine_loop::start(std::unique_ptr<request_transfer> transfer, target_queue& queue) {
  if (clock::now() >= transfer->what().send_before) {
    transfer->fail(transfer->never_sent());
    return false;
  }
  if (!transfer->permitted()) {
    transfer->fail(transfer->not_permitted());
    return false;
  }
  if (auto failure = transfer->prepare(pool_, handle_use::request)) {
    transfer->fail(std::move(*failure));
    return false;
  }
  transfer->charge_to(answers_);
  queue.started(transfer->what().priority, clock::now());
  CURL* const easy = transfer->easy();
  active_.emplace(easy, std::move(transfer));
  (void)curl_multi_add_handle(multi_.get(), easy);
  return true;
}

void engine_loop::wait() {
  const int milliseconds = wait_milliseconds();
  {
    const std::lock_guard lock(mutex_);
    if (!inbox_.empty()) {
      return;
    }
    sleeping_ = true;
  }
  (void)curl_multi_poll(multi_.get(), nullptr, 0, milliseconds, nullptr);
  const std::lock_guard lock(mutex_);
  sleeping_ = false;
}

int engine_loop::wait_milliseconds() {
  const auto now = clock::now();
  auto until = now + longest_sleep;
  if (!timers_.empty()) {
    until = std::min(until, timers_.begin()->first.first);
  }
  for (target_queue* const queue : queues_) {
    if (const auto ready = queue->ready_at(now)) {
      until = std::min(until, *ready);
    }
  }
  if (stopping_) {
    until = std::min(until, stop_deadline_);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void engine_loop::perform() {
  for (const auto& [id, stream] : streams_) {
    stream->begin_turn();
  }
  int running = 0;
  (void)curl_multi_perform(multi_.get(), &running);
  take_finished();
  if (concluded_.empty()) {
    return;
  }
  // What waits goes out before the answers are looked at, so that the server works meanwhile.
  if (start_waiting()) {
    (void)curl_multi_perform(multi_.get(), &running);
    take_finished();
  }
  for (const auto& over : concluded_) {
    over->tell();
  }
  concluded_.clear();
}

void engine_loop::take_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) {
      conclude(message->easy_handle, message->data.result);
    }
  }
}

/// A stream's end is told at once, a request's with the others of this turn.
void engine_loop::conclude(CURL* easy, CURLcode code) {
  std::unique_ptr<transfer> over = take_out(easy);
  if (auto* const stream = dynamic_cast<stream_transfer*>(over.get())) {
    streams_.erase(stream->id());
    stream->finish(code);
    over->release(pool_);
    return;
  }
  std::unique_ptr<request_transfer> request(static_cast<request_transfer*>(over.release()));
  request->owner()->finished(request->what().priority);
  request->settle(code);
  request->release(pool_);
  concluded_.push_back(std::move(request));
}

std::unique_ptr<transfer> engine_loop::take_out(CURL* easy) {
  (void)curl_multi_remove_handle(multi_.get(), easy);
  auto node = active_.extract(easy);
  return std::move(node.mapped());
}

void engine_loop::size_connection_cache() {
  std::size_t size = spare_connections + streams_.size();
  for (const target_queue* const queue : queues_) {
    size += queue->max_in_flight();
  }
  (void)curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(size));
}

void engine_loop::begin_stop(clock::time_point deadline) {
  stop_deadline_ = stopping_ ? std::min(stop_deadline_, deadline) : deadline;
  if (stopping_) {
    return;
  }
  stopping_ = true;
  for (target_queue* const queue : queues_) {
    while (auto waiting = queue->pop_any()) {
      waiting->fail(engine_ended());
    }
  }
  while (!streams_.empty()) {
    end_stream(streams_.begin()->first, engine_ended());
  }
}

bool engine_loop::ended() {
  if (!active_.empty() && clock::now() >= stop_deadline_) {
    cancel_everything();
  }
  if (!active_.empty()) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  closed_ = inbox_.empty();
  return closed_;
}

void engine_loop::cancel_everything() {
  while (!active_.empty()) {
    const std::unique_ptr<transfer> over = take_out(active_.begin()->first);
    static_cast<request_transfer&>(*over).owner()->finished(over->what().priority);
    over->fail(engine_ended());
    over->release(pool_);
  }
}

domain::error engine_loop::engine_ended() {
  return {domain::error_code::cancelled, "the HTTP engine has been stopped", std::nullopt, 0};
}

} // namespace dklb::http
