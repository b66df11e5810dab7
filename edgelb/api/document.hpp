#pragma once

#include "domain/base/error.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace dklb::edgelb {

/// A pool, or a part of one, as it came and as it is answered: order and unknown fields kept.
using document = nlohmann::ordered_json;

/// A refusal or failure that the API answers with this HTTP status.
domain::error failure(int http_status, std::string message);

/// The text under `key`; empty where it is absent, null or no string.
std::string text_at(const document& object, const char* key);

/// The number under `key`, `otherwise` where it is absent, null or no integer.
int integer_at(const document& object, const char* key, int otherwise);

/// The value under `key`, `otherwise` where it is absent, null or no boolean.
bool flag_at(const document& object, const char* key, bool otherwise);

/// The value under `key`, or null where `object` has none.
const document& member_at(const document& object, const char* key);

/// True where both say the same; the order of keys does not count.
bool same_meaning(const document& left, const document& right);

/// A value as it stands in a message or a log: in quotes, everything but plain letters escaped.
std::string in_quotes(const std::string& text);

/// Parses JSON text; a failure is a 400 that says where the text went wrong. `what` names it.
domain::result<document> parse_document(std::string_view text, std::string_view what);

} // namespace dklb::edgelb
