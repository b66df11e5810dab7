#include "tests/bench/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace dklb::bench {

std::string markdown(const std::vector<row>& rows) {
  std::string out = "| work | dklb | floor | ratio |\n|---|---|---|---|\n";
  for (const auto& line : rows) {
    for (const auto* cell : {&line.work, &line.measured, &line.floor, &line.ratio})
      out += "| " + *cell + " ";
    out += "|\n";
  }
  return out;
}

std::string readable(double value) {
  std::array<char, 32> text{};
  const char* form = value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f";
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

std::string readable_seconds(double seconds) {
  if (seconds < 0.001)
    return readable(seconds * 1e6) + " µs";
  return seconds < 1 ? readable(seconds * 1e3) + " ms" : readable(seconds) + " s";
}

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty())
    return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(index, sorted.size() - 1)];
}

} // namespace dklb::bench
