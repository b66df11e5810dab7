#include "domain/base/retry_policy.hpp"

#include <algorithm>
#include <cmath>

namespace dklb::domain {

std::chrono::milliseconds backoff::next(const backoff_settings& settings,
                                        std::optional<std::chrono::milliseconds> retry_after,
                                        double random) {
  const auto failures_before = attempts_++;
  if (retry_after)
    return *retry_after;
  // The exponent is bounded so that the power stays finite, the delay capped before it is
  // converted.
  const auto exponent = static_cast<double>(std::min(failures_before, 64U));
  const auto grown =
    static_cast<double>(settings.base.count()) * std::pow(settings.factor, exponent);
  const auto capped = std::min(grown, static_cast<double>(settings.max.count()));
  return std::chrono::milliseconds{std::llround(capped * (1.0 + settings.jitter * random))};
}

std::chrono::milliseconds restart_delays::next(const std::string& name,
                                               std::chrono::milliseconds now,
                                               std::chrono::milliseconds quiet) {
  std::erase_if(failing_, [&](const auto& item) { return now - item.second.failed_at >= quiet; });
  auto& item = failing_.try_emplace(name, entry{{}, now}).first->second;
  item.failed_at = now;
  return item.delay.next(settings_);
}

bool restart_intensity::allow(const restart_limit& limit, std::chrono::milliseconds now) {
  while (!recent_.empty() && now - recent_.front() >= limit.window)
    recent_.pop_front();
  recent_.push_back(now);
  if (recent_.size() <= limit.max_restarts)
    return true;
  // One more than the limit is all that a later call needs to know.
  recent_.pop_front();
  return false;
}

} // namespace dklb::domain
