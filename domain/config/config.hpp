#pragma once

#include "domain/pool/pool_plan.hpp"
#include "domain/service/service_owner.hpp"
#include "domain/text/duration.hpp"
#include "domain/text/mistake.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dklb::domain {

/// The configuration file, a struct per section. docs/configuration.md documents every key. The
/// initial values are the defaults.
struct edgelb_config {
  std::string url = "http://api.edgelb.marathon.l4lb.thisdcos.directory";
  std::string bearer_token_file;
  std::string service_account_file;
  std::string ca_file;
  bool insecure_skip_tls_verify = false;
  std::string pool_group = "dcos-edgelb/pools";
  bool publish_local_addresses = false;
};

struct kubernetes_config {
  std::string kubeconfig;
  double qps = 0;
  int burst = 0;
  bool claim_unclassed = true;
  std::string load_balancer_class = default_load_balancer_class;
};

struct pools_config {
  int default_size = 1;
  backend_mode mode = backend_mode::mesos;
};

struct services_config {
  publish_kind publish = publish_kind::all;
  ip_mode mode = ip_mode::proxy;
  other_protocols others = other_protocols::refuse;
};

struct concurrency_config {
  int scheduler_threads = 0;
  int scheduler_throughput = 300;
  int edgelb_in_flight = 16;
  int kubernetes_in_flight = 32;
  std::chrono::milliseconds pool_write_gap{250};
  int mailbox_limit = 10000;
  std::chrono::milliseconds resync_period{120000};
  std::chrono::milliseconds poll_min{1000};
  std::chrono::milliseconds poll_max{120000};
  std::chrono::milliseconds retry_base{5000};
  std::chrono::milliseconds retry_max{300000};
  std::chrono::milliseconds edgelb_timeout{30000};
  std::chrono::milliseconds kubernetes_timeout{30000};
  int max_restarts = 10;
  std::chrono::milliseconds restart_window{60000};
};

struct leader_election_config {
  bool enabled = true;
  std::string lease_name = "dklb";
  std::string lease_namespace;
  std::chrono::milliseconds lease_duration{15000};
  std::chrono::milliseconds renew_deadline{10000};
  std::chrono::milliseconds retry_period{2000};
};

struct http_config {
  std::string listen = "127.0.0.1:8080";
  /// Host names that requests may use, besides this machine's own.
  std::vector<std::string> allowed_hosts;
};

struct webhook_config {
  bool enabled = false;
  std::string listen = "0.0.0.0:8443";
  std::string cert_file;
  std::string key_file;
  std::string failure_policy = "Ignore";
  bool register_webhook = false;
  std::string ca_file;
  std::string name = "dklb";
  std::string url;
};

enum class orphan_mode { remove, report };

struct log_config {
  std::string level = "info"; ///< trace, debug, info, warn, error
  bool json = false;
};

struct config {
  std::string cluster_name;
  edgelb_config edgelb;
  kubernetes_config kubernetes;
  pools_config pools;
  services_config services;
  concurrency_config concurrency;
  leader_election_config leader_election;
  http_config http;
  webhook_config webhook;
  orphan_mode orphans = orphan_mode::remove;
  log_config log;
};

/// One mistake in a configuration file. Its line is 0 only if no line is at fault.
using config_mistake = mistake;

/// A checked configuration, or all mistakes of the file, by line.
struct config_outcome {
  std::optional<domain::config> value;
  std::vector<config_mistake> mistakes;
};

/// Parses and checks the text of a configuration file. `environment_cluster_name` is the fallback
/// if `clusterName` is absent. Keys that depend on each other (poll min and max, lease times) are
/// checked together.
config_outcome parse_config(std::string_view yaml,
                            const std::optional<std::string>& environment_cluster_name = {});

/// The mistake as a line of text: `FILE:LINE: key: message`.
std::string to_string(const config_mistake& mistake, std::string_view file);

/// The configuration as JSON, with the keys of the file, for the page `/config`. It has no secrets:
/// a configuration names files, never tokens.
nlohmann::json config_to_json(const config& value);

} // namespace dklb::domain
