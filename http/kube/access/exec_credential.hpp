#pragma once

#include "domain/base/error.hpp"
#include "http/kube/access/kubeconfig.hpp"
#include "http/kube/timestamp.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// The output of an exec plugin (client.authentication.k8s.io, kind ExecCredential).
struct exec_credential {
  std::string token;            ///< "" for none
  std::string certificate_data; ///< PEM, "" for none
  std::string key_data;         ///< PEM
  std::optional<micro_time> expires;
};

/// The value of KUBERNETES_EXEC_INFO for a plugin: the API version and, with `provideClusterInfo`,
/// the cluster. `ca_data` is the PEM text of the cluster's CA, from the data or the file.
std::string exec_info(const exec_config& plugin, const kubeconfig_cluster& cluster,
                      const std::string& ca_data);

/// Parses a plugin's output. The error never has a part of the output.
domain::result<exec_credential> parse_exec_credential(std::string_view output,
                                                      const std::string& api_version);

} // namespace dklb::http::kube
