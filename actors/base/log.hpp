#pragma once

#include "domain/base/line_limit.hpp"
#include "process/log_fields.hpp"

#include <spdlog/logger.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace dklb::actors {

/// Logs a line with the keys of the JSON format.
template <class... Arguments>
void log_about(spdlog::logger& log, spdlog::level::level_enum level,
               const process::log_fields& about, spdlog::format_string_t<Arguments...> text,
               Arguments&&... arguments) {
  const process::log_context context{about};
  log.log(level, text, std::forward<Arguments>(arguments)...);
}

/// Logs the failures that many Services or pools have at once: at most ten lines a minute for each
/// cause; the next line says how many were left out. Thread-safe.
class failure_log {
public:
  /// Logs a warning. The cause is `about.reason` with `kind`. `now` is the actor's monotonic time.
  void warn(spdlog::logger& log, const char* kind, const process::log_fields& about,
            const std::string& text, std::chrono::milliseconds now);

private:
  std::mutex mutex_;
  domain::line_limit limit_; ///< guarded by mutex_
};

} // namespace dklb::actors
