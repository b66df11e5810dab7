#include "tests/http/support/log_capture.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>

namespace dklb::tests {

struct log_capture::sink final : spdlog::sinks::base_sink<std::mutex> {
  std::string text() {
    const std::lock_guard lock{mutex_};
    return text_;
  }

private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    text_.append(message.payload.data(), message.payload.size()).append("\n");
  }
  void flush_() override {}

  std::string text_;
};

log_capture::log_capture() : sink_(std::make_shared<sink>()), before_(spdlog::default_logger()) {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink_));
}

log_capture::~log_capture() {
  spdlog::set_default_logger(before_);
}

std::string log_capture::text() const {
  return sink_->text();
}

std::size_t log_capture::count(const std::string& piece) const {
  const auto all = text();
  std::size_t found = 0;
  for (auto at = all.find(piece); at != std::string::npos; at = all.find(piece, at + 1))
    ++found;
  return found;
}

} // namespace dklb::tests
