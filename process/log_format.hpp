#pragma once

#include <spdlog/formatter.h>

#include <memory>
#include <string>

namespace dklb::process {

/// A log format of every program: spdlog's pattern in UTC, in which `%v` is the message with what
/// steers a terminal or is not UTF-8 escaped (domain::visible), so that no text from outside can
/// forge a line or reach a screen. `%*` is the same as the inside of a JSON string.
std::unique_ptr<spdlog::formatter> log_format(std::string pattern);

} // namespace dklb::process
