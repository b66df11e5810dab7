#include "http/kube/files.hpp"

#include <fstream>
#include <iterator>

namespace dklb::http::kube {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // A directory opens but cannot be read.
  if (file.bad())
    return std::nullopt;
  return text;
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return std::string{text.substr(first, text.find_last_not_of(blanks) - first + 1)};
}

} // namespace dklb::http::kube
