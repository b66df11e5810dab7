#pragma once

#include <string>
#include <vector>

namespace dklb::bench {

/// One line of the report: what was measured beside its floor.
struct row {
  std::string work;
  std::string measured;
  std::string floor;
  std::string ratio;
};

/// A Markdown table.
std::string markdown(const std::vector<row>& rows);

/// A number with as many digits as it needs to be read: 3 significant ones.
std::string readable(double value);
/// Seconds as ms or us where that reads better.
std::string readable_seconds(double seconds);
/// The value below which a share of the sorted values lies.
double percentile(const std::vector<double>& sorted, double share);

} // namespace dklb::bench
