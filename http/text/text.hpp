#pragma once

#include <string>
#include <string_view>

namespace dklb::http {

/// True if the whole text is valid UTF-8, without overlong forms and surrogates.
bool is_utf8(std::string_view text);

/// The text as one line of valid UTF-8 with at most `limit` bytes. Control characters and runs of
/// white space become one blank, invalid bytes a question mark, and a cut end "...".
std::string readable(std::string_view text, std::size_t limit);

/// The visible text of an HTML page. Text without markup stays as it is. Only the first 64 KiB are
/// used.
std::string without_markup(std::string_view text);

/// The text with every occurrence of a secret masked. An empty secret masks nothing.
std::string without_secret(std::string text, std::string_view secret);

/// A path segment or query value. All characters except letters, digits and `-._~` are
/// percent-encoded.
std::string percent_encoded(std::string_view text);

} // namespace dklb::http
