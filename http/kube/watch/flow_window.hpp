#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>

namespace dklb::http::kube {

/// How much a reader was told and has not worked off yet. One thread tells, any may release.
class flow_window {
public:
  /// `most` gives the limit of the moment; 0, or a null function: none.
  explicit flow_window(std::function<std::size_t()> most) : most_(std::move(most)) {}

  void told() { ++told_; }
  void release(std::size_t count) { released_ += count; }
  /// Nothing more should be told for now.
  bool full() const { return outstanding() >= limit(); }
  /// Half of it is free again: goes on only then, so that a stream does not flutter.
  bool drained() const { return outstanding() <= limit() / 2; }

private:
  std::size_t outstanding() const {
    const std::size_t released = released_;
    return told_ > released ? told_ - released : 0;
  }

  std::size_t limit() const {
    const std::size_t most = most_ ? most_() : 0;
    return most > 0 ? most : static_cast<std::size_t>(-1);
  }

  const std::function<std::size_t()> most_;
  std::size_t told_ = 0;
  std::atomic<std::size_t> released_{0};
};

} // namespace dklb::http::kube
