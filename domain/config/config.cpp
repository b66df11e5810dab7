#include "domain/config/config.hpp"

#include "domain/config/config_checks.hpp"
#include "domain/config/config_fields.hpp"
#include "domain/text/yaml_value.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace dklb::domain {

namespace {

/// One reading of one file: values go into the configuration, everything else into mistakes.
class config_reader {
public:
  explicit config_reader(config& target) : target_(target), fields_(fields_of(target)) {}

  /// False where the text is no YAML, so that nothing can be said about what it lacks.
  bool read(yaml_document document) {
    mistakes_ = std::move(document.mistakes);
    read_section(document.root, "");
    return mistakes_.empty() || document.root.kind == yaml_kind::mapping;
  }

  void take_cluster_name(const std::optional<std::string>& from_environment) {
    auto& name = target_.cluster_name;
    if (!name.empty() || bad_.contains("clusterName"))
      return;
    name = from_environment.value_or("");
    if (name.empty())
      report("clusterName", "is missing: set it here, or CLUSTER_NAME in the environment");
    else if (auto what = check_cluster_name(name))
      report("clusterName", "taken from CLUSTER_NAME in the environment: " + *what);
  }

  /// Keys that depend on each other.
  void check_together() {
    const auto& concurrency = target_.concurrency;
    expect_order("concurrency.poll.min", concurrency.poll_min, "concurrency.poll.max",
                 concurrency.poll_max);
    expect_order("concurrency.retry.base", concurrency.retry_base, "concurrency.retry.max",
                 concurrency.retry_max);
    check_lease_times();
    check_webhook();
  }

  std::vector<mistake> take_mistakes() {
    std::stable_sort(mistakes_.begin(), mistakes_.end(),
                     [](const auto& left, const auto& right) { return left.line < right.line; });
    return std::move(mistakes_);
  }

private:
  void read_section(const yaml_node& mapping, const std::string& path) {
    for (const auto& child : mapping.children)
      read_key(child, dotted(path, child.key), path);
  }

  void read_key(const yaml_node& node, const std::string& key, const std::string& parent) {
    const auto field = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const config_field& one) { return one.key == key; });
    lines_.emplace(key, node.line);
    if (field != fields_.end()) {
      if (auto what = node.kind == yaml_kind::null ? std::nullopt : field->read(node))
        report(key, std::move(*what));
    } else if (!is_section(key)) {
      report(key, unknown_key_text(keys_in(parent)));
    } else if (node.kind == yaml_kind::mapping) {
      read_section(node, key);
    } else if (node.kind != yaml_kind::null) {
      report(key, expectation_text("a mapping", node));
    }
  }

  bool is_section(const std::string& key) const {
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](const config_field& field) { return field.key.starts_with(key + "."); });
  }

  /// The keys that the section `parent` may hold; they refer to the table.
  std::vector<std::string_view> keys_in(const std::string& parent) const {
    std::vector<std::string_view> keys;
    const auto prefix = parent.empty() ? "" : parent + ".";
    for (const auto& field : fields_) {
      if (!field.key.starts_with(prefix))
        continue;
      auto key = std::string_view{field.key}.substr(prefix.size());
      key = key.substr(0, key.find('.'));
      if (keys.empty() || keys.back() != key)
        keys.push_back(key);
    }
    return keys;
  }

  /// In the line of the key, of the nearest section that is there, or of the text's beginning.
  void report(const std::string& key, std::string what) {
    bad_.insert(key);
    int line = 1;
    for (auto path = key; line == 1 && !path.empty(); path.resize(parent_length(path)))
      if (const auto found = lines_.find(path); found != lines_.end())
        line = found->second;
    mistakes_.push_back({line, key, std::move(what)});
  }

  static std::size_t parent_length(const std::string& path) {
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? 0 : dot;
  }

  bool both_right(const std::string& left, const std::string& right) const {
    return !bad_.contains(left) && !bad_.contains(right);
  }

  /// The one of two keys that the file sets, so that the mistake points at something written.
  const std::string& written(const std::string& first, const std::string& second) const {
    return lines_.contains(first) || !lines_.contains(second) ? first : second;
  }

  void expect_order(const std::string& low, std::chrono::milliseconds least,
                    const std::string& high, std::chrono::milliseconds most) {
    if (both_right(low, high) && least > most)
      report(written(low, high), low + " (" + format_duration(least) + ") must not be above " + high
                                   + " (" + format_duration(most) + ")");
  }

  /// A leader must know that it lost before anybody else can win: lease > deadline > 1.2 x retry.
  void check_lease_times() {
    const auto& election = target_.leader_election;
    const std::string lease = "leaderElection.leaseDuration";
    const std::string deadline = "leaderElection.renewDeadline";
    const std::string retry = "leaderElection.retryPeriod";
    if (!bad_.contains(lease)
        && election.lease_duration % std::chrono::seconds{1} != std::chrono::milliseconds{0})
      report(lease, "must be a whole number of seconds, as a Lease counts in them");
    if (both_right(lease, deadline) && election.lease_duration <= election.renew_deadline)
      report(written(deadline, lease), "renewDeadline (" + format_duration(election.renew_deadline)
                                         + ") must be below leaseDuration ("
                                         + format_duration(election.lease_duration) + ")");
    if (both_right(deadline, retry) && election.renew_deadline * 5 <= election.retry_period * 6)
      report(written(retry, deadline), "renewDeadline (" + format_duration(election.renew_deadline)
                                         + ") must be above 1.2 times retryPeriod ("
                                         + format_duration(election.retry_period) + ")");
  }

  void check_webhook() {
    const auto& webhook = target_.webhook;
    if (webhook.register_webhook && !webhook.enabled && !bad_.contains("webhook.enabled"))
      report("webhook.register", "needs webhook.enabled: true");
    if (!webhook.enabled)
      return;
    if (webhook.cert_file.empty() && !bad_.contains("webhook.certFile"))
      report("webhook.certFile", "is missing: webhook.enabled needs a certificate");
    if (webhook.key_file.empty() && !bad_.contains("webhook.keyFile"))
      report("webhook.keyFile", "is missing: webhook.enabled needs the certificate's key");
  }

  config& target_;
  std::vector<config_field> fields_;
  std::vector<mistake> mistakes_;
  std::map<std::string, int> lines_;
  std::set<std::string> bad_;
};

} // namespace

config_outcome parse_config(std::string_view yaml,
                            const std::optional<std::string>& environment_cluster_name) {
  config value;
  config_reader reader{value};
  if (reader.read(read_yaml(yaml))) {
    reader.take_cluster_name(environment_cluster_name);
    reader.check_together();
  }
  auto mistakes = reader.take_mistakes();
  if (!mistakes.empty())
    return {std::nullopt, std::move(mistakes)};
  return {std::move(value), {}};
}

std::string to_string(const config_mistake& mistake, std::string_view file) {
  std::string text{file};
  if (mistake.line > 0)
    text += ":" + std::to_string(mistake.line);
  if (!mistake.key.empty())
    text += ": " + mistake.key;
  return text + ": " + mistake.what;
}

nlohmann::json config_to_json(const config& value) {
  auto copy = value;
  auto out = nlohmann::json::object();
  for (const auto& field : fields_of(copy)) {
    auto path = "/" + field.key;
    std::replace(path.begin(), path.end(), '.', '/');
    auto text = field.write();
    auto parsed = nlohmann::json::parse(text, nullptr, false);
    out[nlohmann::json::json_pointer{path}] =
      parsed.is_discarded() ? nlohmann::json(std::move(text)) : std::move(parsed);
  }
  return out;
}

} // namespace dklb::domain
