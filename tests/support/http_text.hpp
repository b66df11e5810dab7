#pragma once

#include "tests/support/loopback_server.hpp"

#include <string>
#include <string_view>

namespace dklb::support {

enum class parse_state { incomplete, wants_continue, complete, bad };

/// Parses one request and removes it from the front of `input`. `incomplete` and `wants_continue`
/// leave `input` unchanged. With `wants_continue`, the client waits for `100 Continue` before it
/// sends the body.
parse_state take_request(std::string& input, loopback_request& request);

/// Status line and headers of a response with Content-Length.
std::string response_head(const loopback_reply& answer);
/// Status line and headers of a chunked response.
std::string stream_head(int status, const std::string& content_type);
/// Appends `bytes` to `out` as chunks of at most `chunk_bytes` (0: one).
void append_chunks(std::string& out, std::string_view bytes, std::size_t chunk_bytes);

} // namespace dklb::support
