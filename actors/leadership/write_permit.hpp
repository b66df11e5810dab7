#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace dklb::actors {

/// The permission to write, with a deadline. The leader elector extends it with each renewal of the
/// Lease. The HTTP engine checks it when a transfer starts, so that a process that was frozen
/// writes nothing when it continues. Lock-free; any thread.
class write_permit {
public:
  using clock = std::chrono::steady_clock;

  /// `always`: leader election is off, and every process may write.
  explicit write_permit(bool always) : always_(always) {}

  void extend(clock::time_point until) { deadline_ = until.time_since_epoch().count(); }
  void revoke() {
    always_ = false;
    deadline_ = 0;
  }
  bool granted() const {
    return always_ || clock::now().time_since_epoch().count() < deadline_.load();
  }
  /// The time since the deadline. Zero if the permit is granted, or never was.
  std::chrono::milliseconds overdue() const {
    const auto deadline = deadline_.load();
    if (always_ || deadline == 0)
      return {};
    const auto late = clock::now().time_since_epoch() - clock::duration{deadline};
    return late < clock::duration::zero()
             ? std::chrono::milliseconds{}
             : std::chrono::duration_cast<std::chrono::milliseconds>(late);
  }

private:
  std::atomic<bool> always_;
  std::atomic<clock::rep> deadline_{0};
};

} // namespace dklb::actors
