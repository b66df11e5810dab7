#include "actors/base/log.hpp"

namespace dklb::actors {

void failure_log::warn(spdlog::logger& log, const char* kind, const process::log_fields& about,
                       const std::string& text, std::chrono::milliseconds now) {
  if (!log.should_log(spdlog::level::warn))
    return;
  std::optional<std::size_t> left_out;
  {
    const std::lock_guard lock{mutex_};
    left_out = limit_.allow(std::string{kind} + ' ' + std::string{about.reason}, now);
  }
  if (!left_out)
    return;
  if (*left_out > 0)
    log_about(log, spdlog::level::warn, about, "{} ({} lines of this cause were left out)", text,
              *left_out);
  else
    log_about(log, spdlog::level::warn, about, "{}", text);
}

} // namespace dklb::actors
