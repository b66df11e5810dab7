#include "domain/service/service_timeline.hpp"

#include <utility>

namespace dklb::domain {

bool service_timeline::add(time at, const service_report& what, const claim_ptr& claim,
                           const addresses_ptr& addresses) {
  move_on(claim, addresses);
  if (!lines_.empty() && lines_.back().phase == what.phase && report_of(lines_.back()) == what)
    return false;
  if (lines_.size() == limit)
    lines_.erase(lines_.begin());
  // Most Services stay at the few lines that they have now.
  lines_.reserve(lines_.size() + 1);
  auto& added = lines_.emplace_back(line{at, what.phase, nullptr});
  if (report_of(added) != what)
    added.report = std::make_unique<const service_report>(what);
  return true;
}

std::vector<service_timeline::entry> service_timeline::entries() const {
  std::vector<entry> out;
  out.reserve(lines_.size());
  for (const auto& item : lines_)
    out.push_back({item.at, report_of(item)});
  return out;
}

service_report service_timeline::report_of(const line& item) const {
  static const std::vector<ingress> none;
  return item.report ? *item.report
                     : usual_report(item.phase, claim_ ? claim_->pool : std::string{},
                                    addresses_ ? *addresses_ : none);
}

/// What is told from now on is about these; what was told before keeps its words.
void service_timeline::move_on(const claim_ptr& claim, const addresses_ptr& addresses) {
  if (claim == claim_ && addresses == addresses_)
    return;
  std::vector<std::pair<line*, service_report>> told;
  told.reserve(lines_.size());
  for (auto& item : lines_)
    if (!item.report)
      told.emplace_back(&item, report_of(item));
  claim_ = claim;
  addresses_ = addresses;
  for (auto& [item, report] : told)
    if (report_of(*item) != report)
      item->report = std::make_unique<const service_report>(std::move(report));
}

} // namespace dklb::domain
