#pragma once

#include "domain/base/error.hpp"

#include <spdlog/logger.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace dklb::actors {

/// A failure that lasts.
struct trouble {
  std::string source;  ///< e.g. "services", "leader election", "pool app"
  std::string message; ///< for operators: problem, cause, next step

  friend bool operator==(const trouble&, const trouble&) = default;
};

/// All failures that last, for /readyz?verbose. A trouble begins with failing() or denied() and
/// ends with works(). The log gets one line at its begin and one at its end, however often it
/// repeats and however many sources have the same message. Any thread.
class trouble_board {
public:
  using listener = std::function<void(const trouble& what)>;

  /// Without a logger, nothing is logged.
  explicit trouble_board(std::shared_ptr<spdlog::logger> log = nullptr) : log_(std::move(log)) {}

  void failing(const std::string& source, const std::string& message);
  /// Like failing(), for a missing right or bad credentials. Also calls the listener.
  void denied(const std::string& source, const std::string& message);
  /// Calls denied() if the API server's error is about access, otherwise failing().
  void kubernetes_failed(const std::string& source, const domain::error& failure);
  void works(const std::string& source);
  /// One trouble per message, sorted by source.
  std::vector<trouble> list() const;
  /// Sets the listener for denials; an empty function removes it. It is called on the thread of the
  /// denied request.
  void listen(listener tell);

private:
  bool note(const std::string& source, const std::string& message);
  bool said(const std::string& message) const;

  std::shared_ptr<spdlog::logger> log_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> troubles_;
  std::atomic<std::size_t> count_{0};
  listener tell_;
};

/// The time since the last sign of life of each watch, for /readyz?verbose and /metrics. Any
/// thread.
class watch_ages {
public:
  using age_function = std::function<std::chrono::milliseconds()>;

  void add(const std::string& name, age_function age);
  void remove(const std::string& name);
  std::map<std::string, std::chrono::milliseconds> list() const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, age_function> ages_;
};

} // namespace dklb::actors
