#pragma once

#include "domain/base/error.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// Cuts a stream into the JSON objects that stand in it back to back, wherever the network cut it.
/// Only brackets and strings are followed; what is inside a frame is checked by whoever parses it.
/// A tail that is not complete when the stream ends is simply never told.
/// Source: docs/kubernetes.md, "List and watch".
class json_frames {
public:
  /// `max_frame`: bytes of one object above which the stream is given up.
  explicit json_frames(std::size_t max_frame = 8U << 20U) : max_frame_(max_frame) {}

  /// Takes the next piece and tells each object it completes; the view is valid during the call
  /// only. `on_frame` returns false to stop at once. After an error the splitter is of no use.
  domain::result<domain::unit> feed(std::string_view chunk,
                                    const std::function<bool(std::string_view)>& on_frame);

  /// Bytes of the object that is not complete yet.
  std::size_t pending() const { return tail_.size(); }

private:
  /// Where the object that starts before `from` ends in `chunk`, npos where it goes on.
  std::size_t find_end(std::string_view chunk, std::size_t from);
  /// Where the string that `from` lies in has its closing quote, npos where it goes on.
  std::size_t end_of_string(std::string_view chunk, std::size_t from);

  std::size_t max_frame_;
  std::string tail_;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

} // namespace dklb::http::kube
