#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace dklb::domain {

/// After a write, the watch still delivers what the object was before; acting on that would write
/// again. The guard holds such snapshots back until the one arrives that our write produced, or
/// until a deadline (a relist may jump over it). Versions are opaque: only equality is used.
class echo_guard {
public:
  using time = std::chrono::milliseconds; ///< the caller's monotonic clock

  /// What the watch had told of the object when the answer to our write came.
  struct answer {
    bool news; ///< our write was not told yet: the answer's object is the newest
    bool more; ///< something else than our write was told meanwhile
  };

  /// A write goes out. What is told until it is answered may be its echo, and what followed that.
  void begin() {
    writing_ = true;
    told_.clear();
  }

  /// Our write was answered with this version.
  answer answered(std::string resource_version, time now) {
    const auto known = std::ranges::find(told_, resource_version) != told_.end();
    const auto more = told_.size() > (known ? 1U : 0U);
    failed();
    // The watch may have been faster than the answer: then there is nothing left to wait for.
    expected_ = known ? std::string{} : std::move(resource_version);
    deadline_ = now + patience;
    return {!known, more};
  }

  /// Our write changed nothing, as far as is known.
  void failed() {
    writing_ = false;
    told_.clear();
  }

  /// True where a snapshot of this version is not older than our write.
  bool accept(const std::string& resource_version, time now) {
    if (waiting() && resource_version != expected_ && now < deadline_)
      return false;
    expected_.clear();
    if (writing_)
      told_.push_back(resource_version);
    return true;
  }

  /// For the echo of a write that was answered.
  bool waiting() const { return !expected_.empty(); }
  /// Neither in a write nor waiting.
  bool idle() const { return !writing_ && !waiting(); }

  static constexpr time patience{5000};

private:
  std::string expected_;
  std::vector<std::string> told_; ///< versions since the write went out
  time deadline_{};
  bool writing_ = false;
};

} // namespace dklb::domain
