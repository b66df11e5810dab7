#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dklb::http {

/// Standard base64 (RFC 4648, section 4), padded, on one line.
std::string base64_encode(std::string_view bytes);

/// The bytes behind standard base64; line breaks and spaces between characters are skipped.
/// Nothing where the text is no base64.
std::optional<std::string> base64_decode(std::string_view text);

} // namespace dklb::http
