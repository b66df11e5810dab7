#include "domain/base/line_limit.hpp"

#include <utility>

namespace dklb::domain {

std::optional<std::size_t> line_limit::allow(const std::string& cause, time now) {
  if (causes_.size() >= most_causes && !causes_.contains(cause))
    std::erase_if(causes_, [&](const auto& item) { return now - item.second.since >= window; });
  const auto full = causes_.size() >= most_causes && !causes_.contains(cause);
  auto& item = causes_.try_emplace(full ? std::string{} : cause, counted{now}).first->second;
  if (now - item.since >= window)
    item = {now, 0, item.left_out};
  if (item.lines == burst) {
    ++item.left_out;
    return std::nullopt;
  }
  ++item.lines;
  return std::exchange(item.left_out, 0);
}

} // namespace dklb::domain
