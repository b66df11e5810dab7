#pragma once

#include <spdlog/formatter.h>

#include <memory>
#include <string>

namespace dklb::process {

/// The patterns of dklb's two formats: for people, and a JSON object a line.
inline constexpr const char* text_lines = "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v";
inline constexpr const char* json_lines =
  R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"%&})";

/// The log format of all programs: spdlog's pattern, with times in UTC. In the message (`%v`),
/// control characters and invalid UTF-8 are escaped (domain::visible), so that text from outside
/// cannot forge a line or control a terminal. `%*` is the message escaped for a JSON string, and
/// `%&` are the fields of process::log_context as further members of a JSON object, escaped
/// likewise.
std::unique_ptr<spdlog::formatter> log_format(std::string pattern);

} // namespace dklb::process
