#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dklb::domain {

/// The length of the valid UTF-8 sequence at the start of `text`, which is not empty; 0 where there
/// is none (a stray byte, an overlong form, a surrogate, what lies beyond U+10FFFF).
std::size_t utf8_sequence(std::string_view text);

/// True where a valid sequence changes how a terminal shows the text around it: control characters
/// (C0, DEL, C1), the line and paragraph separators, marks that turn the direction of writing.
bool steers_terminal(std::string_view sequence);

/// The first character of `text` that steers a terminal or is not UTF-8; npos where there is none.
std::size_t find_invisible(std::string_view text);

/// `text` as a log line, an event or a screen may carry it: valid UTF-8 on one line. What steers a
/// terminal is written as an escape (`\n`, `\t`, `\x1b`, `\u0085`), and so is a byte that is not
/// UTF-8 (`\xff`). What does not fit `limit` bytes is cut off at a whole character, marked "...".
std::string visible(std::string_view text, std::size_t limit = std::string_view::npos);

} // namespace dklb::domain
