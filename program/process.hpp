#pragma once

#include "domain/base/error.hpp"
#include "domain/config/config.hpp"

#include <string>

/// Services of the operating system for the main program.
namespace dklb::program {

/// Reads a file. The error has the cause.
domain::result<std::string> read_file(const std::string& path);

/// A new identity of this process: `<hostname>_<uuid>`. Two processes never have the same.
std::string identity();

/// Sets the level and the format of the log on standard error.
void set_up_log(const domain::log_config& settings);

} // namespace dklb::program
