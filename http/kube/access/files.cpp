#include "http/kube/access/files.hpp"

#include "http/text/bounded_file.hpp"

#include <utility>

namespace dklb::http::kube {

std::optional<std::string> read_file(const std::string& path) {
  auto text = read_bounded_file(path);
  return text ? std::optional{std::move(*text)} : std::nullopt;
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return std::string{text.substr(first, text.find_last_not_of(blanks) - first + 1)};
}

} // namespace dklb::http::kube
