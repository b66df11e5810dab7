#include "domain/config/config_fields.hpp"

#include "domain/config/config_checks.hpp"
#include "domain/text/yaml_value.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <utility>

namespace dklb::domain {

namespace {

using std::chrono::milliseconds;

constexpr int million = 1000000;

/// Longer than any sensible setting, and far from where adding to a clock overflows.
constexpr milliseconds longest_duration = std::chrono::hours{8760};

std::optional<std::string> outside(const std::string& least, const std::string& most) {
  return "must be between " + least + " and " + most;
}

std::optional<std::string> read_duration(const yaml_node& node, milliseconds least,
                                         milliseconds& target) {
  const bool scalar = node.kind == yaml_kind::plain || node.kind == yaml_kind::quoted;
  if (!scalar)
    return expectation_text("a duration such as 500ms or 2m", node);
  const auto duration = parse_duration(node.text);
  if (!duration)
    return "\"" + node.text + "\" is not a duration such as 500ms or 2m";
  if (*duration < least || *duration > longest_duration)
    return outside(format_duration(least), format_duration(longest_duration));
  target = *duration;
  return std::nullopt;
}

/// Collects fields; one function for each type of value. `.live()` behind it marks the key as one
/// that a running dklb takes.
class field_table {
public:
  void live() { fields_.back().live = true; }

  field_table& text(std::string key, std::string& target, text_check check = nullptr) {
    const auto read = [&target, check](const yaml_node& node) -> std::optional<std::string> {
      std::string value;
      if (auto what = read_value(node, value))
        return what;
      if (auto what = check != nullptr ? check(value) : std::nullopt)
        return what;
      target = std::move(value);
      return std::nullopt;
    };
    return add(std::move(key), read, [&target] { return yaml_scalar(target); });
  }

  field_table& texts(std::string key, std::vector<std::string>& target, text_check check) {
    const auto read = [&target, check](const yaml_node& node) -> std::optional<std::string> {
      if (node.kind != yaml_kind::list)
        return expectation_text("a list", node);
      std::vector<std::string> values(node.children.size());
      for (std::size_t index = 0; index < values.size(); ++index) {
        if (auto what = read_value(node.children[index], values[index]))
          return what;
        if (auto what = check(values[index]))
          return what;
      }
      target = std::move(values);
      return std::nullopt;
    };
    // As JSON, which is YAML, too.
    return add(std::move(key), read, [&target] { return nlohmann::json(target).dump(); });
  }

  field_table& flag(std::string key, bool& target) {
    const auto read = [&target](const yaml_node& node) { return read_value(node, target); };
    return add(std::move(key), read, [&target] { return std::string{target ? "true" : "false"}; });
  }

  field_table& whole(std::string key, int& target, int least, int most) {
    const auto read = [=, &target](const yaml_node& node) -> std::optional<std::string> {
      std::int64_t value = 0;
      if (auto what = read_value(node, value))
        return what;
      if (value < least || value > most)
        return outside(std::to_string(least), std::to_string(most));
      target = static_cast<int>(value);
      return std::nullopt;
    };
    return add(std::move(key), read, [&target] { return std::to_string(target); });
  }

  field_table& number(std::string key, double& target, double least, double most) {
    const auto read = [=, &target](const yaml_node& node) -> std::optional<std::string> {
      double value = 0;
      if (auto what = read_value(node, value))
        return what;
      if (value < least || value > most)
        return outside(yaml_scalar(least), yaml_scalar(most));
      target = value;
      return std::nullopt;
    };
    return add(std::move(key), read, [&target] { return yaml_scalar(target); });
  }

  field_table& duration(std::string key, milliseconds& target,
                        milliseconds least = milliseconds{1}) {
    const auto read = [=, &target](const yaml_node& node) {
      return read_duration(node, least, target);
    };
    return add(std::move(key), read, [&target] { return format_duration(target); });
  }

  template <class T>
  field_table& choice(std::string key, T& target, std::vector<std::pair<std::string, T>> options) {
    const auto read = [=, &target](const yaml_node& node) -> std::optional<std::string> {
      std::string value;
      if (auto what = read_value(node, value))
        return what;
      std::string names;
      for (const auto& [name, option] : options) {
        if (name == value) {
          target = option;
          return std::nullopt;
        }
        names.append(names.empty() ? "" : ", ").append(name);
      }
      return "\"" + value + "\" is not one of: " + names;
    };
    const auto write = [=, &target] {
      for (const auto& [name, option] : options)
        if (option == target)
          return yaml_scalar(name);
      return std::string{"null"};
    };
    return add(std::move(key), read, write);
  }

  std::vector<config_field> take() { return std::move(fields_); }

private:
  field_table& add(std::string key,
                   std::function<std::optional<std::string>(const yaml_node&)> read,
                   std::function<std::string()> write) {
    fields_.push_back({std::move(key), std::move(read), std::move(write)});
    return *this;
  }

  std::vector<config_field> fields_;
};

void add_sources(field_table& table, config& target) {
  table.text("clusterName", target.cluster_name, check_cluster_name);
  auto& edgelb = target.edgelb;
  table.text("edgelb.url", edgelb.url, check_url);
  table.text("edgelb.bearerTokenFile", edgelb.bearer_token_file);
  table.text("edgelb.serviceAccountFile", edgelb.service_account_file);
  table.text("edgelb.caFile", edgelb.ca_file);
  table.flag("edgelb.insecureSkipTlsVerify", edgelb.insecure_skip_tls_verify);
  table.text("edgelb.poolGroup", edgelb.pool_group, check_pool_group);
  table.flag("edgelb.publishLocalAddresses", edgelb.publish_local_addresses);
  auto& kubernetes = target.kubernetes;
  table.text("kubernetes.kubeconfig", kubernetes.kubeconfig);
  table.number("kubernetes.qps", kubernetes.qps, 0, million).live();
  table.whole("kubernetes.burst", kubernetes.burst, 0, million).live();
  table.flag("kubernetes.claimUnclassed", kubernetes.claim_unclassed);
  table.text("kubernetes.loadBalancerClass", kubernetes.load_balancer_class, check_class_name);
  table.whole("pools.defaultSize", target.pools.default_size, 1, million);
  table.choice("pools.backendMode", target.pools.mode,
               {{"mesos", backend_mode::mesos}, {"nodes", backend_mode::nodes}});
  auto& services = target.services;
  table.choice("services.publish", services.publish,
               {{"public", publish_kind::public_only},
                {"private", publish_kind::private_only},
                {"all", publish_kind::all}});
  table.choice("services.ipMode", services.mode,
               {{"Proxy", ip_mode::proxy}, {"VIP", ip_mode::vip}});
  table.choice("services.otherProtocols", services.others,
               {{"refuse", other_protocols::refuse}, {"skip", other_protocols::skip}});
}

void add_concurrency(field_table& table, concurrency_config& target) {
  table.whole("concurrency.schedulerThreads", target.scheduler_threads, 0, 256);
  table.whole("concurrency.schedulerThroughput", target.scheduler_throughput, 1, million);
  table.whole("concurrency.edgelbInFlight", target.edgelb_in_flight, 1, 1024).live();
  table.whole("concurrency.kubernetesInFlight", target.kubernetes_in_flight, 1, 1024).live();
  table.duration("concurrency.poolWriteGap", target.pool_write_gap, milliseconds{0}).live();
  table.whole("concurrency.mailboxLimit", target.mailbox_limit, 1, 10 * million).live();
  table.duration("concurrency.resyncPeriod", target.resync_period).live();
  table.duration("concurrency.poll.min", target.poll_min).live();
  table.duration("concurrency.poll.max", target.poll_max).live();
  table.duration("concurrency.retry.base", target.retry_base).live();
  table.duration("concurrency.retry.max", target.retry_max).live();
  table.duration("concurrency.retry.edgelbTimeout", target.edgelb_timeout).live();
  table.duration("concurrency.retry.kubernetesTimeout", target.kubernetes_timeout).live();
  table.whole("concurrency.supervisor.maxRestarts", target.max_restarts, 0, million).live();
  table.duration("concurrency.supervisor.window", target.restart_window).live();
}

void add_surroundings(field_table& table, config& target) {
  auto& election = target.leader_election;
  table.flag("leaderElection.enabled", election.enabled);
  table.text("leaderElection.leaseName", election.lease_name, check_object_name);
  table.text("leaderElection.leaseNamespace", election.lease_namespace, check_optional_namespace);
  // A Lease counts in whole seconds, and none of it would be an expired one.
  table.duration("leaderElection.leaseDuration", election.lease_duration, milliseconds{1000});
  table.duration("leaderElection.renewDeadline", election.renew_deadline);
  table.duration("leaderElection.retryPeriod", election.retry_period);
  table.text("http.listen", target.http.listen, check_listen_address);
  table.texts("http.allowedHosts", target.http.allowed_hosts, check_host_name);
  auto& webhook = target.webhook;
  table.flag("webhook.enabled", webhook.enabled);
  table.text("webhook.listen", webhook.listen, check_listen_address);
  table.text("webhook.certFile", webhook.cert_file);
  table.text("webhook.keyFile", webhook.key_file);
  table
    .choice<std::string>("webhook.failurePolicy", webhook.failure_policy,
                         {{"Ignore", "Ignore"}, {"Fail", "Fail"}})
    .live();
  table.flag("webhook.register", webhook.register_webhook);
  table.text("webhook.caFile", webhook.ca_file);
  table.text("webhook.name", webhook.name, check_object_name);
  table.text("webhook.url", webhook.url, check_optional_https_url);
  table
    .choice("orphans.mode", target.orphans,
            {{"delete", orphan_mode::remove}, {"report", orphan_mode::report}})
    .live();
  table
    .choice<std::string>("log.level", target.log.level,
                         {{"trace", "trace"},
                          {"debug", "debug"},
                          {"info", "info"},
                          {"warn", "warn"},
                          {"error", "error"}})
    .live();
  table.choice("log.format", target.log.json, {{"text", false}, {"json", true}}).live();
}

} // namespace

std::vector<config_field> fields_of(config& target) {
  field_table table;
  add_sources(table, target);
  add_concurrency(table, target.concurrency);
  add_surroundings(table, target);
  return table.take();
}

} // namespace dklb::domain
