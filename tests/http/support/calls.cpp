#include "tests/http/support/calls.hpp"

#include <thread>

namespace dklb::tests {

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

void gate::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

bool gate::wait() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return open_; });
}

std::shared_ptr<const http::endpoint> plain_endpoint(const std::string& url) {
  http::endpoint where;
  where.base_url = url;
  return std::make_shared<const http::endpoint>(where);
}

http::request get_request(const std::string& path) {
  http::request what;
  what.path = path;
  return what;
}

http::response_result send_and_wait(http::engine& engine, http::target_id target,
                                    const std::shared_ptr<const http::endpoint>& where,
                                    http::request what) {
  awaited<http::response_result> answer;
  engine.send(target, where, std::move(what), answer.callback());
  return answer.get();
}

} // namespace dklb::tests
