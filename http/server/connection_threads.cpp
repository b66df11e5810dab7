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
      ++idle_;
    } catch (const std::system_error& failure) {
      // Those that run take it over; without any the connection waits for the next one.
      spdlog::warn("no thread for another connection: {}", failure.what());
    }
  }
  tell_table();
  changed_.notify_one();
}

void connection_threads::work() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || ending_; });
    if (waiting_.empty())
      return;
    const auto task = std::move(waiting_.front());
    waiting_.pop_front();
    --idle_;
    tell_table();
    lock.unlock();
    task();
    lock.lock();
    ++idle_;
  }
}

void connection_threads::tell_table() {
  connections_.crowded(waiting_.size() > idle_ ? waiting_.size() - idle_ : 0);
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
