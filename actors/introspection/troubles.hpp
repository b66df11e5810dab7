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

/// Something that fails now.
struct trouble {
  std::string source;  ///< e.g. "services", "lease", "pool app"
  std::string message; ///< for people: what, why, next step

  friend bool operator==(const trouble&, const trouble&) = default;
};

/// What fails now and has not worked since, for /readyz?verbose. The log hears of a trouble once,
/// however often it repeats and however many sources have the same, and once when it is over.
/// Any thread.
class trouble_board {
public:
  using listener = std::function<void(const trouble& what)>;

  /// Without a logger it only remembers.
  explicit trouble_board(std::shared_ptr<spdlog::logger> log = nullptr) : log_(std::move(log)) {}

  void failing(const std::string& source, const std::string& message);
  /// The same for access that somebody has to grant; the listener hears of it, too.
  void denied(const std::string& source, const std::string& message);
  /// One of the two, by what the API server's failure says about access.
  void kubernetes_failed(const std::string& source, const domain::error& failure);
  void works(const std::string& source);
  /// One for each message, ordered by source.
  std::vector<trouble> list() const;
  /// Whom a denial is told; an empty function ends it. On the thread where it happened.
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

/// How long ago each watch was heard of, for /readyz?verbose. Any thread.
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
