#pragma once

#include <spdlog/formatter.h>

#include <memory>
#include <string>

namespace dklb::process {

/// The log format of all programs: spdlog's pattern, with times in UTC. In the message (`%v`),
/// control characters and invalid UTF-8 are escaped (domain::visible), so that text from outside
/// cannot forge a line or control a terminal. `%*` is the message escaped for a JSON string.
std::unique_ptr<spdlog::formatter> log_format(std::string pattern);

} // namespace dklb::process
