#pragma once

#include "domain/base/error.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace dklb::edgelb {

/// A pool or a part of one, as JSON. The order of the keys and unknown fields are kept.
using document = nlohmann::ordered_json;

/// The error that the API answers with this HTTP status.
domain::error failure(int http_status, std::string message);

/// The string under `key`. Empty if it is absent, null or not a string.
std::string text_at(const document& object, const char* key);

/// True for an integer that fits an `int`. The library converts any other number without a word.
bool is_int(const document& value);

/// The number under `key`. `otherwise` if it is absent, null, or not an integer that fits.
int integer_at(const document& object, const char* key, int otherwise);

/// The boolean under `key`. `otherwise` if it is absent, null or not a boolean.
bool flag_at(const document& object, const char* key, bool otherwise);

/// The value under `key`. A JSON null if `object` has none.
const document& member_at(const document& object, const char* key);

/// True if both have the same content. The order of keys does not matter.
bool same_meaning(const document& left, const document& right);

/// A value for a message or a log: in quotes, with control and non-ASCII characters escaped.
std::string in_quotes(const std::string& text);

/// Parses JSON text. The error is a 400 with the position of the mistake; `what` names the text in
/// it. Text with more than 64 levels is refused.
domain::result<document> parse_document(std::string_view text, std::string_view what);

} // namespace dklb::edgelb
