// What any thread may call: it fills the inbox of the engine's thread.
#include "http/engine/engine.hpp"

#include "http/engine/engine_loop.hpp"

namespace dklb::http {

using clock = engine_loop::clock;

engine::engine(std::size_t answer_budget) : loop_(std::make_shared<engine_loop>(answer_budget)) {
  loop_->start();
}

engine::~engine() {
  stop(std::chrono::milliseconds(0));
  if (loop_->on_thread()) {
    loop_->detach();
  }
}

target_id engine::add_target(target_settings settings) {
  return loop_->add_target(settings);
}

void engine::set_limits(target_id target, const target_limits& limits) {
  loop_->set_limits(target, limits);
}

void engine::send(target_id target, std::shared_ptr<const endpoint> where, request what,
                  completion done) {
  target_queue& queue = loop_->find_target(target);
  engine_loop::command sent;
  sent.request =
    std::make_unique<request_transfer>(std::move(where), std::move(what), std::move(done), &queue);
  queue.announce();
  if (!loop_->push(sent)) {
    queue.retract();
    sent.request->fail(engine_loop::engine_ended());
  }
}

handle_id engine::open_stream(std::shared_ptr<const endpoint> where, request what,
                              stream_handler handler, std::chrono::milliseconds idle_timeout) {
  const handle_id id = loop_->next_handle();
  engine_loop::command opened;
  opened.stream = std::make_unique<stream_transfer>(std::move(where), std::move(what),
                                                    std::move(handler), idle_timeout, id);
  if (!loop_->push(opened)) {
    opened.stream->fail(engine_loop::engine_ended());
  }
  return id;
}

void engine::pause_stream(handle_id stream) {
  // At once where possible, so that not one more chunk is told.
  if (loop_->on_thread()) {
    if (stream_transfer* const found = loop_->find_stream(stream)) {
      found->pause();
      return;
    }
  }
  loop_->post([loop = loop_.get(), stream] {
    if (stream_transfer* const found = loop->find_stream(stream)) {
      found->pause();
    }
  });
}

void engine::resume_stream(handle_id stream) {
  const bool on_thread = loop_->on_thread();
  if (on_thread) {
    if (stream_transfer* const found = loop_->find_stream(stream)) {
      found->resume();
    }
  }
  // libcurl is told later in any case: it must not be entered again from its own callbacks.
  loop_->post([loop = loop_.get(), stream, resumed = on_thread] {
    if (stream_transfer* const found = loop->find_stream(stream)) {
      if (!resumed) {
        found->resume();
      }
      found->release_held();
    }
  });
}

void engine::cancel_stream(handle_id stream) {
  if (loop_->on_thread()) {
    if (stream_transfer* const found = loop_->find_stream(stream)) {
      found->cancel();
    }
  }
  loop_->post([loop = loop_.get(), stream] {
    if (const stream_transfer* const found = loop->find_stream(stream)) {
      loop->end_stream(stream, found->cancellation());
    }
  });
}

handle_id engine::after(std::chrono::milliseconds delay, std::function<void()> action) {
  const handle_id id = loop_->next_handle();
  const auto when = clock::now() + delay;
  if (loop_->on_thread()) {
    loop_->add_timer(id, when, std::move(action));
  } else {
    loop_->post([loop = loop_.get(), id, when, action = std::move(action)]() mutable {
      loop->add_timer(id, when, std::move(action));
    });
  }
  return id;
}

void engine::cancel_timer(handle_id timer) {
  // One that is not there yet may be in the inbox.
  if (!loop_->on_thread() || !loop_->cancel_timer(timer)) {
    loop_->post([loop = loop_.get(), timer] { (void)loop->cancel_timer(timer); });
  }
}

bool engine::post(std::function<void()> action) {
  return loop_->post(std::move(action));
}

target_statistics engine::statistics(target_id target) const {
  return loop_->find_target(target).statistics();
}

void engine::stop(std::chrono::milliseconds grace) {
  const auto deadline = clock::now() + grace;
  loop_->post([loop = loop_.get(), deadline] { loop->begin_stop(deadline); });
  if (!loop_->on_thread()) {
    loop_->join();
  }
}

} // namespace dklb::http
