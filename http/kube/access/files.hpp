#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// The whole of a file of at most 1 MiB; nothing where it cannot be read or is larger.
std::optional<std::string> read_file(const std::string& path);

/// `text` without white space at its ends.
std::string trimmed(std::string_view text);

} // namespace dklb::http::kube
