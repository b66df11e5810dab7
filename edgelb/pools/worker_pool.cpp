#include "edgelb/pools/worker_pool.hpp"

#include <utility>

namespace dklb::edgelb {

void worker_pool::submit(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (stopping_)
    return;
  jobs_.push_back(std::move(job));
  if (jobs_.size() > idle_ && threads_.size() < most_)
    threads_.emplace_back([this] { run(); });
  wake_.notify_one();
}

void worker_pool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    --idle_;
    if (jobs_.empty())
      return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

void worker_pool::stop() {
  std::vector<std::thread> ending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ending.swap(threads_);
  }
  wake_.notify_all();
  for (auto& one : ending)
    one.join();
}

} // namespace dklb::edgelb
