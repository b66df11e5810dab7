#pragma once

#include <chrono>
#include <string>
#include <utility>

namespace dklb::domain {

/// After a write, the watch still delivers what the object was before; acting on that would write
/// again. The guard holds such snapshots back until the one arrives that our write produced, or
/// until a deadline (a relist may jump over it). Versions are opaque: only equality is used.
class echo_guard {
public:
  using time = std::chrono::milliseconds; ///< the caller's monotonic clock

  /// Our write was answered with this version. The watch may have been faster than the answer:
  /// then there is nothing left to wait for.
  void expect(std::string resource_version, time now) {
    expected_ = resource_version == seen_ ? std::string{} : std::move(resource_version);
    deadline_ = now + patience;
  }

  /// True where a snapshot of this version is not older than our write.
  bool accept(const std::string& resource_version, time now) {
    seen_ = resource_version;
    if (expected_.empty())
      return true;
    if (resource_version != expected_ && now < deadline_)
      return false;
    expected_.clear();
    return true;
  }

  bool waiting() const { return !expected_.empty(); }

  static constexpr time patience{5000};

private:
  std::string expected_;
  std::string seen_; ///< the last snapshot's version
  time deadline_{};
};

} // namespace dklb::domain
