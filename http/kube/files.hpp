#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// The whole of a small file; nothing where it cannot be read.
std::optional<std::string> read_file(const std::string& path);

/// `text` without white space at its ends.
std::string trimmed(std::string_view text);

} // namespace dklb::http::kube
