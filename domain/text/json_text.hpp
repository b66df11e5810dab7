#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

/// JSON as text, for what is written for every Service. The documents are nlohmann's; its own
/// `dump` looks at each character through several layers, which took a tenth of all processor time.
namespace dklb::domain {

/// What becomes of text that is not UTF-8: JSON cannot carry it.
enum class not_utf8 { replace, refuse };

/// Appends `text` as a JSON string, with its quotes. Throws std::exception where it is refused.
void append_json(std::string& into, std::string_view text, not_utf8 otherwise = not_utf8::replace);

/// `value` as compact JSON, as `dump` would write it. Throws as `append_json` does.
std::string json_text(const nlohmann::json& value, not_utf8 otherwise = not_utf8::replace);
std::string json_text(const nlohmann::ordered_json& value, not_utf8 otherwise = not_utf8::replace);

} // namespace dklb::domain
