#include "http/engine/engine.hpp"

#include "http/engine/engine_loop.hpp"

namespace dklb::http {

engine::engine(std::size_t answer_budget) : loop_(std::make_shared<engine_loop>(answer_budget)) {
  loop_->start();
}

engine::~engine() {
  loop_->shut_down();
}

target_id engine::add_target(target_settings settings) {
  return loop_->add_target(settings);
}

void engine::set_limits(target_id target, std::size_t max_in_flight, double queries_per_second,
                        int burst) {
  loop_->set_limits(target, max_in_flight, queries_per_second, burst);
}

void engine::send(target_id target, std::shared_ptr<const endpoint> where, request what,
                  completion done) {
  loop_->send(target, std::move(where), std::move(what), std::move(done));
}

handle_id engine::open_stream(std::shared_ptr<const endpoint> where, request what,
                              stream_handler handler, std::chrono::milliseconds idle_timeout) {
  return loop_->open_stream(std::move(where), std::move(what), std::move(handler), idle_timeout);
}

void engine::pause_stream(handle_id stream) {
  loop_->pause_stream(stream);
}

void engine::resume_stream(handle_id stream) {
  loop_->resume_stream(stream);
}

void engine::cancel_stream(handle_id stream) {
  loop_->cancel_stream(stream);
}

handle_id engine::after(std::chrono::milliseconds delay, std::function<void()> action) {
  return loop_->after(delay, std::move(action));
}

void engine::cancel_timer(handle_id timer) {
  loop_->cancel_timer(timer);
}

bool engine::post(std::function<void()> action) {
  return loop_->post(std::move(action));
}

target_statistics engine::statistics(target_id target) const {
  return loop_->statistics(target);
}

void engine::stop(std::chrono::milliseconds grace) {
  loop_->stop(grace);
}

} // namespace dklb::http
