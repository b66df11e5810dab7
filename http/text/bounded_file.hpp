#pragma once

#include "domain/base/error.hpp"

#include <cstddef>
#include <string>

namespace dklb::http {

/// Reads a file of any kind with at most `limit` bytes. The error is `invalid`; its message has the
/// cause, but not the name of the file.
domain::result<std::string> read_bounded_file(const std::string& path,
                                              std::size_t limit = 1U << 20U);

} // namespace dklb::http
