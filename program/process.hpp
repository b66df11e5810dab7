#pragma once

#include "domain/base/error.hpp"
#include "domain/config/config.hpp"

#include <spdlog/logger.h>

#include <string>

/// Services of the operating system for the main program.
namespace dklb::program {

/// Reads a file. The error has the cause.
domain::result<std::string> read_file(const std::string& path);

/// A new identity of this process: `<hostname>_<uuid>`. Two processes never have the same.
std::string identity();

/// Sets the level and the format of a log. Any thread, also while others log.
void adjust_log(spdlog::logger& log, const domain::log_config& settings);

/// Makes the default log: on standard error, with this level and format.
void set_up_log(const domain::log_config& settings);

} // namespace dklb::program
