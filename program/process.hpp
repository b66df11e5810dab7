#pragma once

#include "domain/base/error.hpp"
#include "domain/config/config.hpp"

#include <string>

/// What the program needs of the operating system beside network and files of others.
namespace dklb::program {

/// The text of a file, or why it cannot be read.
domain::result<std::string> read_file(const std::string& path);

/// `<hostname>_<uuid>`, never the same for two processes.
std::string identity();

/// Sets level and format of the log, which goes to standard error.
void set_up_log(const domain::log_config& settings);

/// Gives back the pages of memory that show the files of the program and its libraries. What is
/// used again comes back from the system's page cache; what only the start or a burst needed stays
/// away (docs/decisions/code-pages.md).
void release_code_pages();

} // namespace dklb::program
