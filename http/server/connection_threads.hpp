#pragma once

#include "http/server/connection_table.hpp"

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dklb::http::server {

/// The threads of a listener, one per connection. A thread is started on demand and kept for the
/// next connection. At the limit, a new connection waits, and connection_table::crowded() makes
/// another one give way. The server calls enqueue() on its accepting thread.
class connection_threads final : public httplib::TaskQueue {
public:
  /// `connections` outlives this object.
  connection_threads(std::size_t limit, connection_table& connections)
    : limit_(limit), connections_(connections) {}
  connection_threads(const connection_threads&) = delete;
  connection_threads& operator=(const connection_threads&) = delete;
  ~connection_threads() override = default;

  void enqueue(std::function<void()> task) override;
  /// Waits for all connections in the queue, then joins the threads.
  void shutdown() override;

private:
  void work();
  void tell_table();

  std::size_t limit_;
  connection_table& connections_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0; ///< threads without a connection, starting ones included
  bool ending_ = false;
};

} // namespace dklb::http::server
