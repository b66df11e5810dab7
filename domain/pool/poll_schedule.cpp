#include "domain/pool/poll_schedule.hpp"

namespace dklb::domain {

/// From one few to the next: all have their turn in four fifths of `max`.
poll_calendar::time poll_calendar::spacing(const poll_pauses& pauses) const {
  const auto pools = static_cast<time::rep>(leisurely_.size() + 1);
  return std::min(step, pauses.max * 4 * static_cast<time::rep>(few) / (5 * pools));
}

poll_calendar::time poll_calendar::start_of_leisurely(const poll_pauses& pauses,
                                                      std::size_t under_way) const {
  const auto due = leisurely_.begin()->due;
  // Whatever EdgeLB does not answer holds the others up no longer than that.
  const auto overdue = due + pauses.max;
  if (under_way >= few)
    return overdue;
  return gone_ < few ? due : std::clamp(since_ + spacing(pauses), due, overdue);
}

std::optional<poll_calendar::appointment> poll_calendar::take(const poll_pauses& pauses, time now,
                                                              std::size_t under_way) {
  const auto first_of = [](queue& from) { return from.extract(from.begin()).value(); };
  if (!awaited_.empty() && awaited_.begin()->due <= now)
    return first_of(awaited_);
  if (leisurely_.empty() || start_of_leisurely(pauses, under_way) > now)
    return std::nullopt;
  if (now >= since_ + spacing(pauses)) {
    since_ = now;
    gone_ = 0;
  }
  ++gone_;
  return first_of(leisurely_);
}

std::optional<poll_calendar::time> poll_calendar::next(const poll_pauses& pauses,
                                                       std::size_t under_way) const {
  std::optional<time> out;
  if (!awaited_.empty())
    out = awaited_.begin()->due;
  if (!leisurely_.empty()) {
    const auto start = start_of_leisurely(pauses, under_way);
    out = out ? std::min(*out, start) : start;
  }
  return out;
}

} // namespace dklb::domain
