#pragma once

#include "domain/base/error.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dklb::http::kube {

/// A program that prints credentials (`users[].user.exec`).
struct exec_config {
  std::string api_version; ///< client.authentication.k8s.io/v1 or v1beta1
  std::string command;     ///< a path with a slash is absolute
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string install_hint;
  bool provide_cluster_info = false;
};

/// `clusters[].cluster`. File names are absolute; data is decoded from base64.
struct kubeconfig_cluster {
  std::string server; ///< without a trailing slash
  std::string ca_file;
  std::string ca_data;
  std::string tls_server_name;
  std::string proxy_url;
  bool insecure_skip_tls_verify = false;
  /// The cluster's `config` for exec plugins. Null for none.
  nlohmann::json exec_extension;
};

/// `users[].user`. File names are absolute; data is decoded from base64.
struct kubeconfig_user {
  std::string certificate_file;
  std::string certificate_data;
  std::string key_file;
  std::string key_data;
  std::string token;
  std::string token_file; ///< takes precedence over token
  std::optional<exec_config> exec;
};

/// The current context of a kubeconfig, with its cluster and its user.
struct kubeconfig {
  std::string context;
  std::string name_space; ///< may be ""
  kubeconfig_cluster cluster;
  kubeconfig_user user;
  std::string path; ///< the file that defines the context
};

/// A file of a KUBECONFIG list.
struct kubeconfig_file {
  std::string path; ///< absolute
  std::string text;
};

/// Merges the files (the first that defines a thing wins) and follows `context`, or the current one
/// if that is empty. The error names the file, the mistake and the next step, and never has a
/// secret. Source: docs/kubernetes.md, "Access".
domain::result<kubeconfig> read_kubeconfig(const std::vector<kubeconfig_file>& files,
                                           const std::string& context = {});

} // namespace dklb::http::kube
