#pragma once

#include "http/engine/engine.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace dklb::tests {

/// Longer than any test needs; what takes that long has failed.
constexpr std::chrono::seconds patience{20};

/// Waits until `condition` holds; false where it never does.
bool eventually(const std::function<bool()>& condition);

/// An answer that comes on another thread.
template <class T>
class awaited {
public:
  /// To be given away as the callback. May outlive this object. A second answer is a failure that
  /// std::promise reports by throwing.
  std::function<void(T)> callback() {
    return [promise = promise_](T value) { promise->set_value(std::move(value)); };
  }
  bool ready() const {
    return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  T get() {
    if (future_.wait_for(patience) != std::future_status::ready) {
      throw std::runtime_error("no answer came");
    }
    return future_.get();
  }

private:
  std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
  std::future<T> future_ = promise_->get_future();
};

/// A latch that opens once.
class gate {
public:
  void open();
  /// False where it stays closed for too long.
  bool wait();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

std::shared_ptr<const http::endpoint> plain_endpoint(const std::string& url);

http::request get_request(const std::string& path);

/// Sends and waits for the answer.
http::response_result send_and_wait(http::engine& engine, http::target_id target,
                                    const std::shared_ptr<const http::endpoint>& where,
                                    http::request what);

} // namespace dklb::tests
