#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::support {

/// A strict parser of Prometheus' text format (version 0.0.4).
class prometheus_text {
public:
  using label_map = std::map<std::string, std::string>;
  struct sample {
    std::string name;
    label_map labels;
    double value = 0;
  };

  explicit prometheus_text(const std::string& page);

  /// The violations of the format or of Prometheus' rules for names, one line each. Empty for a
  /// valid page.
  const std::vector<std::string>& mistakes() const { return mistakes_; }
  const std::vector<sample>& samples() const { return samples_; }
  /// The type of each family.
  const std::map<std::string, std::string>& types() const { return types_; }
  /// The value of the sample with exactly these labels, if any.
  std::optional<double> value(std::string_view name, const label_map& labels = {}) const;

private:
  void read_comment(const std::string& line);
  void read_sample(const std::string& line);
  bool read_labels(std::string_view& rest, label_map& labels);
  std::string family_of(const std::string& name) const;
  void check_histogram(const std::string& name);
  void mistake(const std::string& what, const std::string& line);

  std::vector<std::string> mistakes_;
  std::vector<sample> samples_;
  std::map<std::string, std::string> types_;
  std::map<std::string, std::string> helps_;
  std::string family_; ///< the family of the present line
};

} // namespace dklb::support
