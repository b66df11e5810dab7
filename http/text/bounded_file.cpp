#include "http/text/bounded_file.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace dklb::http {

namespace {

domain::error unreadable(std::string why) {
  return {domain::error_code::invalid, std::move(why), std::nullopt, 0};
}

} // namespace

domain::result<std::string> read_bounded_file(const std::string& path, std::size_t limit) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return unreadable(std::generic_category().message(errno));
  std::string text;
  std::array<char, 4096> piece{};
  while (file.read(piece.data(), piece.size()), file.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > limit)
      return unreadable("it is larger than " + std::to_string(limit >> 10U) + " KiB");
  }
  // A directory opens but cannot be read.
  if (file.bad())
    return unreadable("it cannot be read");
  return text;
}

} // namespace dklb::http
