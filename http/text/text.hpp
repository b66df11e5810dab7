#pragma once

#include <string>
#include <string_view>

namespace dklb::http {

/// Whether the text is valid UTF-8: all of it, no overlong form, no surrogate.
bool is_utf8(std::string_view text);

/// One line of valid UTF-8 of at most `limit` bytes: control characters and runs of white space
/// become one blank, invalid bytes a question mark, and what is cut off "...".
std::string readable(std::string_view text, std::size_t limit);

/// The text a reader of an HTML page would see; anything that is no markup stays as it is. At most
/// the first 64 KiB are looked at.
std::string without_markup(std::string_view text);

/// The text with every occurrence of a secret masked; an empty secret occurs nowhere.
std::string without_secret(std::string text, std::string_view secret);

/// A path segment or query value with everything but letters, digits and `-._~` percent-encoded.
std::string percent_encoded(std::string_view text);

} // namespace dklb::http
