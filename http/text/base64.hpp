#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dklb::http {

/// Encodes standard base64 (RFC 4648, section 4), padded, on one line.
std::string base64_encode(std::string_view bytes);

/// Decodes standard base64. Line breaks and spaces between characters are skipped. Empty if the
/// text is not base64.
std::optional<std::string> base64_decode(std::string_view text);

} // namespace dklb::http
