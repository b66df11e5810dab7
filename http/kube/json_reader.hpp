#pragma once

#include "domain/base/error.hpp"

#include <simdjson.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// A JSON value of the API server, which is only read (docs/decisions/simdjson.md). It is valid as
/// long as the result of json_reader::read() that it is from.
using json_view = simdjson::dom::element;

/// A JSON parser that reuses its memory. Each read() invalidates the former result. One thread at a
/// time.
class json_reader {
public:
  /// `deepest`: the most levels of nesting. Without a limit, a text could exhaust the stack.
  explicit json_reader(std::size_t deepest = 1000);

  /// Parses a text. The error is `malformed` if the text is not one JSON value in UTF-8. Its
  /// message completes a sentence that begins with "... is".
  domain::result<json_view> read(std::string_view text);

private:
  std::size_t deepest_;
  simdjson::dom::parser parser_;
};

/// The value at a path of member names. Empty if there is none. A JSON null is a value.
std::optional<json_view> value_at(json_view object, std::initializer_list<const char*> path);

/// The string at a path, "" if there is none. The view is valid as long as `object`.
std::string_view text_view_at(json_view object, std::initializer_list<const char*> path);
std::string text_at(json_view object, std::initializer_list<const char*> path);

} // namespace dklb::http::kube
