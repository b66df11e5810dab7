#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// Reads a file of at most 1 MiB. Empty if it is larger or cannot be read.
std::optional<std::string> read_file(const std::string& path);

/// The text without white space at its ends.
std::string trimmed(std::string_view text);

} // namespace dklb::http::kube
