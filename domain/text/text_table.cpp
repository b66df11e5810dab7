#include "domain/text/text_table.hpp"

#include "domain/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace dklb::domain {

namespace {

/// The number of characters, which is the width of most texts.
std::size_t width_of(const std::string& text) {
  const auto continues = [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
  };
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues));
}

} // namespace

void text_table::add(std::vector<std::string> cells) {
  for (auto& cell : cells)
    cell = visible(cell);
  rows_.push_back(std::move(cells));
}

std::string text_table::text() const {
  constexpr std::size_t gap = 2;
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], width_of(row[column]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      line += row[column];
      if (column + 1 < row.size())
        line.append(widths[column] - width_of(row[column]) + gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

} // namespace dklb::domain
