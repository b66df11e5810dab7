#include "domain/pool/poll_schedule.hpp"

namespace dklb::domain {

poll_calendar::entries::const_iterator poll_calendar::first_background() const {
  return entries_.lower_bound(entry{time::min(), nullptr, false});
}

std::optional<poll_calendar::entry> poll_calendar::take(const poll_pauses& pauses, time now,
                                                        std::size_t in_flight) {
  const auto removed = [this](auto place) { return entries_.extract(place).value(); };
  if (!entries_.empty() && entries_.begin()->awaited && entries_.begin()->due <= now)
    return removed(entries_.begin());
  const auto place = first_background();
  if (place == entries_.end())
    return std::nullopt;
  const bool goes =
    in_flight < most_background ? place->due - place->early <= now : place->due + pauses.max <= now;
  return goes ? std::optional{removed(place)} : std::nullopt;
}

std::optional<poll_calendar::time> poll_calendar::next(const poll_pauses& pauses,
                                                       std::size_t in_flight) const {
  std::optional<time> out;
  if (!entries_.empty() && entries_.begin()->awaited)
    out = entries_.begin()->due;
  if (const auto place = first_background(); place != entries_.end()) {
    const auto due = in_flight < most_background ? place->due : place->due + pauses.max;
    out = out ? std::min(*out, due) : due;
  }
  return out;
}

} // namespace dklb::domain
