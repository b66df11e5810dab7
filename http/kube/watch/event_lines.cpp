#include "http/kube/watch/event_lines.hpp"

#include <algorithm>
#include <utility>

namespace dklb::http::kube {
domain::result<domain::unit>
event_lines::feed(std::string_view chunk, const std::function<bool(std::string_view)>& on_line) {
  while (!chunk.empty()) {
    const auto piece = chunk.substr(0, chunk.find('\n'));
    const bool complete = piece.size() < chunk.size();
    chunk.remove_prefix(std::min(piece.size() + 1, chunk.size()));
    if (begun_.size() + piece.size() > longest_line_)
      return domain::malformed("an event in the stream is larger than "
                               + std::to_string(longest_line_) + " bytes");
    begun_ += piece;
    const auto first = begun_.find_first_not_of(" \t\r");
    if (first != std::string::npos && begun_[first] != '{')
      return domain::malformed("the stream holds something that is no JSON object");
    if (!complete)
      break;
    const auto line = std::exchange(begun_, {});
    if (first != std::string::npos && !on_line(line))
      break;
  }
  return domain::unit{};
}

} // namespace dklb::http::kube
