#pragma once

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dklb::http::server {

/// The threads of a listener: one for each connection, made when it is needed and kept for the
/// next, up to a limit; past it connections wait. So a slow client holds up nobody but itself.
class connection_threads final : public httplib::TaskQueue {
public:
  explicit connection_threads(std::size_t limit) : limit_(limit) {}
  connection_threads(const connection_threads&) = delete;
  connection_threads& operator=(const connection_threads&) = delete;
  ~connection_threads() override = default;

  void enqueue(std::function<void()> task) override;
  /// Finishes what was given, then joins.
  void shutdown() override;

private:
  void work();

  std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool ending_ = false;
};

} // namespace dklb::http::server
