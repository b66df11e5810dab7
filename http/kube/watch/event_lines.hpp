#pragma once

#include "domain/base/error.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// Cuts the stream of a watch into lines. The API server ends each event with a line break; the
/// network may cut an event anywhere. An event that is not complete when the stream ends is never
/// handed out.
/// Source: docs/kubernetes.md, "List and watch".
class event_lines {
public:
  /// `longest_line`: bytes of one event above which the stream is given up.
  explicit event_lines(std::size_t longest_line = 8U << 20U) : longest_line_(longest_line) {}

  /// Takes the next piece of the stream and calls `on_line` with each line that it completes, blank
  /// ones left out. The view is valid during the call. `on_line` returns false to stop at once.
  /// `malformed` if a line is too long or is no JSON object by its first character; nothing more
  /// can be read from the stream after that.
  domain::result<domain::unit> feed(std::string_view chunk,
                                    const std::function<bool(std::string_view)>& on_line);

private:
  std::size_t longest_line_;
  std::string begun_; ///< the line that is not complete yet
};

} // namespace dklb::http::kube
