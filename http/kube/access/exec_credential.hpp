#pragma once

#include "domain/base/error.hpp"
#include "http/kube/access/kubeconfig.hpp"
#include "http/kube/timestamp.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// What an exec plugin printed (client.authentication.k8s.io, kind ExecCredential).
struct exec_credential {
  std::string token;            ///< "" for none
  std::string certificate_data; ///< PEM, "" for none
  std::string key_data;         ///< PEM
  std::optional<micro_time> expires;
};

/// The value of KUBERNETES_EXEC_INFO for a plugin: what we speak and, where the user asks for it,
/// the cluster. `ca_data` is the PEM of the cluster's authority, from wherever it came.
std::string exec_info(const exec_config& plugin, const kubeconfig_cluster& cluster,
                      const std::string& ca_data);

/// Reads a plugin's output. Errors never hold any of it.
domain::result<exec_credential> parse_exec_credential(std::string_view output,
                                                      const std::string& api_version);

} // namespace dklb::http::kube
