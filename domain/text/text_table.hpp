#pragma once

#include <string>
#include <vector>

namespace dklb::domain {

/// A table for a terminal: columns as wide as their widest cell, two blanks between them. The last
/// column is not padded. Cells are escaped (visible), because they may come from users.
class text_table {
public:
  /// All rows have the same number of cells.
  void add(std::vector<std::string> cells);

  bool empty() const { return rows_.empty(); }
  /// A line per row, in the order of add(). A line that ends in empty cells has no blanks at its
  /// end. "" for an empty table.
  std::string text() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

} // namespace dklb::domain
