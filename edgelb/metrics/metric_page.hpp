#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dklb::edgelb {

/// Labels of a sample, in their order.
using metric_labels = std::vector<std::pair<std::string_view, std::string_view>>;

/// A page in Prometheus' text format that is put together from samples of its own and from other
/// pages. Each family has its HELP and TYPE once, and all its samples follow them, as the format
/// asks. Families stand in the order in which they came. Not thread-safe.
class metric_page {
public:
  /// Begins a family; samples follow. `type` is `gauge` or `counter`.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  /// Adds a sample to a family that has begun.
  void add(std::string_view name, const metric_labels& labels, std::uint64_t value);

  /// Adds the samples of another page, each with more labels in front of its own. Samples of the
  /// proxy `left_out` are not added. Lines that are none of the format are left out.
  void merge(std::string_view page, const metric_labels& labels, std::string_view left_out);

  std::string text() const;

private:
  struct family {
    std::string name;
    std::string help; ///< whole lines
    std::string type;
    std::string samples;
  };

  family& family_named(std::string_view name);
  void merge_comment(std::string_view line);
  void merge_sample(std::string_view line, const std::string& labels);

  std::vector<family> families_;
  std::unordered_map<std::string, std::size_t> places_;
  std::size_t current_ = 0; ///< the family of the last comment
};

} // namespace dklb::edgelb
