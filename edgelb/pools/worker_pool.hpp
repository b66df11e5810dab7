#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dklb::edgelb {

/// A thread pool. Starts threads on demand, up to a limit, and keeps them until stop(). A job must
/// not throw. submit() may be called from any thread.
class worker_pool {
public:
  explicit worker_pool(std::size_t most) : most_(most) {}
  ~worker_pool() { stop(); }
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  /// Runs the job when a thread is free. After stop(), drops it.
  void submit(std::function<void()> job);
  /// Waits for all submitted jobs, then ends the threads. Idempotent.
  void stop();

private:
  void run();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

} // namespace dklb::edgelb
