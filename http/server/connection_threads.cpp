#include "http/server/connection_threads.hpp"

#include <spdlog/spdlog.h>

#include <system_error>
#include <utility>

namespace dklb::http::server {

void connection_threads::enqueue(std::function<void()> task) {
  const std::lock_guard lock{mutex_};
  waiting_.push_back(std::move(task));
  if (waiting_.size() > idle_ && threads_.size() < limit_) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error& failure) {
      // Those that run take it over; without any the connection waits for the next one.
      spdlog::warn("no thread for another connection: {}", failure.what());
    }
  }
  changed_.notify_one();
}

void connection_threads::work() {
  std::unique_lock lock{mutex_};
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return !waiting_.empty() || ending_; });
    --idle_;
    if (waiting_.empty())
      return;
    const auto task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void connection_threads::shutdown() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_)
    thread.join();
}

} // namespace dklb::http::server
