#include "http/kube/watch/json_frames.hpp"

#include <algorithm>

namespace dklb::http::kube {

std::size_t json_frames::find_end(std::string_view chunk, std::size_t from) {
  for (auto i = from; i < chunk.size(); ++i) {
    if (in_string_) {
      i = end_of_string(chunk, i);
      if (i == std::string_view::npos)
        return i;
      in_string_ = false;
      continue;
    }
    const char character = chunk[i];
    if (character == '"')
      in_string_ = true;
    else if (character == '{' || character == '[')
      ++depth_;
    else if ((character == '}' || character == ']') && --depth_ == 0)
      return i + 1;
  }
  return std::string_view::npos;
}

/// Most of an object is text without escapes, which is passed over at once.
std::size_t json_frames::end_of_string(std::string_view chunk, std::size_t from) {
  while (from < chunk.size()) {
    if (escaped_) {
      escaped_ = false;
      ++from;
      continue;
    }
    const auto quote = chunk.find('"', from);
    const auto escape = chunk.substr(from, quote - from).find('\\');
    if (escape == std::string_view::npos)
      return quote;
    escaped_ = true;
    from += escape + 1;
  }
  return std::string_view::npos;
}

domain::result<domain::unit>
json_frames::feed(std::string_view chunk, const std::function<bool(std::string_view)>& on_frame) {
  constexpr std::string_view blanks = " \t\r\n";
  std::size_t position = 0;
  while (position < chunk.size()) {
    if (depth_ == 0) {
      position = chunk.find_first_not_of(blanks, position);
      if (position == std::string_view::npos)
        break;
      if (chunk[position] != '{')
        return domain::error{domain::error_code::malformed,
                             "the stream holds something that is no JSON object",
                             {},
                             0};
    }
    const auto end = find_end(chunk, position);
    const auto piece = chunk.substr(position, std::min(end, chunk.size()) - position);
    if (tail_.size() + piece.size() > max_frame_)
      return domain::error{domain::error_code::malformed,
                           "an object in the stream is larger than " + std::to_string(max_frame_)
                             + " bytes",
                           {},
                           0};
    if (end == std::string_view::npos) {
      tail_ += piece;
      break;
    }
    position = end;
    if (tail_.empty()) {
      // The usual case: the object lies within one piece and needs no copy.
      if (!on_frame(piece))
        return domain::unit{};
      continue;
    }
    tail_ += piece;
    const bool go_on = on_frame(tail_);
    tail_.clear();
    if (!go_on)
      return domain::unit{};
  }
  // One large object must not keep its memory for the life of the watch.
  if (tail_.empty() && tail_.capacity() > (64U << 10U))
    tail_.shrink_to_fit();
  return domain::unit{};
}

} // namespace dklb::http::kube
