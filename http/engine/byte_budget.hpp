#pragma once

#include <atomic>
#include <cstddef>

namespace dklb::http {

/// How many bytes of memory may be taken together for what others send. Thread-safe.
class byte_budget {
public:
  explicit byte_budget(std::size_t limit) : limit_(limit) {}

  /// False where that would be too much; nothing is taken then.
  bool take(std::size_t bytes) {
    if (taken_.fetch_add(bytes) + bytes <= limit_)
      return true;
    give_back(bytes);
    return false;
  }
  void give_back(std::size_t bytes) { taken_.fetch_sub(bytes); }
  std::size_t limit() const { return limit_; }

private:
  std::size_t limit_;
  std::atomic<std::size_t> taken_{0};
};

} // namespace dklb::http
