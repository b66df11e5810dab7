#pragma once

#include "domain/base/error.hpp"

#include <cstddef>
#include <string>

namespace dklb::http {

/// The text of a file of at most `limit` bytes, whatever kind of file it is. An error (`invalid`)
/// says why not and does not name the file.
domain::result<std::string> read_bounded_file(const std::string& path,
                                              std::size_t limit = 1U << 20U);

} // namespace dklb::http
