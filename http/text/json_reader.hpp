#pragma once

#include "domain/base/error.hpp"

#include <simdjson.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::http {

/// JSON that is only read: what the API server tells, and EdgeLB's answers where they are only
/// compared. What is edited or written is nlohmann's (docs/decisions/simdjson.md). It lives in the
/// reader that it came from.
using json_view = simdjson::dom::element;

/// Reads one text after the other into memory of its own. What it gave out before is void with the
/// next text. One thread at a time.
class json_reader {
public:
  /// `deepest`: how far brackets may nest; whoever sends text could exhaust a stack otherwise.
  explicit json_reader(std::size_t deepest = 1000);

  /// `malformed` where the text is not one value of JSON in UTF-8; the message ends a sentence that
  /// begins with "... is".
  domain::result<json_view> read(std::string_view text);

private:
  std::size_t deepest_;
  simdjson::dom::parser parser_;
};

/// The value behind a path of member names; nothing where there is none. Null counts as a value.
std::optional<json_view> value_at(json_view object, std::initializer_list<const char*> path);

/// The text behind a path, "" where there is none. The view lives as long as the document.
std::string_view text_view_at(json_view object, std::initializer_list<const char*> path);
std::string text_at(json_view object, std::initializer_list<const char*> path);

} // namespace dklb::http
