#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dklb::domain {

/// How long the echo of an own write is waited for (a relist may jump over it).
inline constexpr std::chrono::milliseconds echo_timeout{5000};

/// Our writes to one object and the snapshots of it that the watch delivers meanwhile. After a
/// write, the watch still delivers what the object was before; acting on that would write again.
/// The guard holds such snapshots back until the echo of our write arrives, or until the time-out.
/// Versions are opaque: only equality is used. Takes a pointer's memory while idle. Time is the
/// caller's monotonic clock. Not thread-safe. `Object` has a `resource_version`.
template <class Object>
class echo_guard {
public:
  using time = std::chrono::milliseconds;
  using snapshot = std::shared_ptr<const Object>;

  enum class verdict {
    newest,    ///< not older than our write
    held,      ///< older than our write, as far as is known
    first_held ///< the same; the caller calls take_held() after echo_timeout
  };

  /// Which snapshots had been accepted when the answer to our write came.
  struct answer {
    bool news; ///< not that of our write: the answer's object is the newest
    bool more; ///< others than that of our write
  };

  /// A write goes out. A snapshot that is accepted before the answer may be its echo.
  void begin() {
    auto& state = edit();
    state.writing = true;
    state.accepted.clear();
  }

  /// Our write was answered with this version.
  answer answered(const std::string& version, time now) {
    auto& state = edit();
    const auto known = std::ranges::find(state.accepted, version) != state.accepted.end();
    const auto more = state.accepted.size() > (known ? 1U : 0U);
    // The watch may have been faster than the answer: then there is nothing left to wait for.
    state.expected = known ? std::string{} : version;
    state.deadline = now + echo_timeout;
    end_write();
    return {!known, more};
  }

  /// Our write changed nothing, as far as is known.
  void failed() {
    edit();
    end_write();
  }

  /// Judges a snapshot from the watch.
  verdict accept(const snapshot& object, time now) {
    if (!state_)
      return verdict::newest;
    const auto& version = object->resource_version;
    if (waiting() && version != state_->expected && now < state_->deadline)
      return std::exchange(state_->held, object) ? verdict::held : verdict::first_held;
    state_->held = nullptr;
    state_->expected.clear();
    if (state_->writing)
      state_->accepted.push_back(version);
    forget_if_idle();
    return verdict::newest;
  }

  /// The newest snapshot that was held back, null where there is none.
  snapshot take_held() { return state_ ? std::exchange(state_->held, nullptr) : nullptr; }

  /// True while the echo of a write that was answered has not come.
  bool waiting() const { return state_ && !state_->expected.empty(); }
  /// True where no write is in flight and no echo is waited for.
  bool idle() const { return !state_; }

  /// Our writes were to an object that is gone.
  void forget() { state_.reset(); }

private:
  struct record {
    std::string expected;              ///< version of the echo; "": none is waited for
    std::vector<std::string> accepted; ///< versions since the write went out
    time deadline{};
    bool writing = false;
    snapshot held;
  };

  record& edit() {
    if (!state_)
      state_ = std::make_unique<record>();
    return *state_;
  }
  void end_write() {
    state_->writing = false;
    state_->accepted.clear();
    forget_if_idle();
  }
  void forget_if_idle() {
    if (!state_->writing && !waiting())
      state_.reset();
  }

  std::unique_ptr<record> state_;
};

} // namespace dklb::domain
