#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace dklb::http {

/// A second thread for what one thread drives and now and then leaves: it takes over when that one
/// stays away too long, until it is back. To leave costs no wake-up as a rule: the stand-in looks
/// by itself for as long as the other one comes and goes, and sleeps once it no longer does.
class stand_in {
public:
  /// How long the other thread may be away; it is noticed before twice that.
  static constexpr std::chrono::milliseconds patience{100};

  /// `take_over` runs on the stand-in's thread. It returns soon after `needed` has become false.
  using replacement = std::function<void(const std::function<bool()>& needed)>;
  explicit stand_in(replacement take_over);
  /// Joins; the other thread must not be away for good.
  ~stand_in();
  stand_in(const stand_in&) = delete;
  stand_in& operator=(const stand_in&) = delete;

  /// The thread that is stood in for goes away.
  void leave();
  /// It is back: the stand-in is no longer needed. True where it has taken over, and may not have
  /// ended yet.
  bool come_back();

private:
  void run();
  bool sleep(bool without_end);

  replacement take_over_;
  /// Even: it is there; odd: it is away, each time another number.
  std::atomic<std::uint64_t> absences_{0};
  std::atomic<bool> looking_{false};
  std::atomic<bool> taken_over_{false};
  std::mutex mutex_; ///< guards ending_
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace dklb::http
